import type { RouteOptions } from '@spanwire/core'
import type { Road } from './road.js'
import type { Site } from './site.js'
import type { Host, World } from './world.js'

/** What goes wrong, where, and for how long (ms). `machine` absent: seen from every machine. */
export type Fault = {
  readonly forMs: number
} /** A number: that many of each topic's newest messages are gone, and the log says that it is the same. Not rolled. */ & (
  | { readonly what: 'kill'; readonly site: string; readonly data: 'keep' | 'wipe' | number }
  | { readonly what: 'hang'; readonly site: string }
  | { readonly what: 'cut'; readonly site: string; readonly machine?: string; readonly way: 'up' | 'down' | 'both' }
  /** Answers are held back, then the connection is reset: stored, and the publisher never hears. */
  | { readonly what: 'lost-ack'; readonly site: string; readonly machine?: string }
  /** Bytes are accepted and thrown away, then the connection is reset. */
  | { readonly what: 'swallow'; readonly site: string; readonly machine?: string }
  | { readonly what: 'slow'; readonly site: string; readonly machine?: string; readonly times: number }
  | { readonly what: 'loss'; readonly site: string; readonly machine?: string; readonly share: number }
  | { readonly what: 'reset'; readonly site: string; readonly machine?: string }
  /** That share of what is published and sent there is refused for good, as what breaks a rule of the engine's. */
  | { readonly what: 'refuse'; readonly site: string; readonly machine?: string; readonly share: number }
  | { readonly what: 'revoke'; readonly site: string }
  | { readonly what: 'drain'; readonly site: string }
  /** One channel is ill behind a healthy link: its sends are refused, or nobody answers them. */
  | { readonly what: 'leaderless' | 'stalled'; readonly site: string; readonly channel: string }
  | { readonly what: 'skew'; readonly machine: string; readonly byMs: number }
  | { readonly what: 'stall'; readonly machine: string }
  /** The machine's process ends; sites hear that its connections are closed. Whoever wants another one there starts it. */
  | { readonly what: 'crash'; readonly machine: string }
  /**
   * These machines' clients get other routes, one after another, `everyMs` apart; at the end of `forMs`, in the same order and
   * at the same pace, they have those of before again. All machines: a topology push.
   */
  | {
      readonly what: 'reroute'
      readonly machines: readonly string[]
      readonly everyMs: number
      readonly routes: readonly RouteOptions[]
    }
)

export type FaultKind = Fault['what']

type AtMachine = 'crash' | 'stall' | 'skew' | 'reroute'
type AtSite = 'kill' | 'hang' | 'revoke' | 'drain' | 'leaderless' | 'stalled'

/** Everything a fault may touch. */
export interface Stage {
  readonly world: World
  readonly sites: ReadonlyMap<string, Site>
  /** By machine: its process, the last one where that has ended. */
  readonly machines: ReadonlyMap<string, { readonly host: Host }>
  readonly roads: readonly Road[]
  /** What runs there, now and later, follows these routes, until `undefined` gives it its own ones back. */
  reroute(machine: string, routes: readonly RouteOptions[] | undefined): void
  /** Those, if they are not its own. */
  routes(machine: string): readonly RouteOptions[] | undefined
}

/** Begins it; the result ends it. */
export function begin(stage: Stage, fault: Fault): () => void {
  switch (fault.what) {
    case 'crash':
    case 'stall':
    case 'skew':
    case 'reroute':
      return atMachine(stage, fault)
    case 'kill':
    case 'hang':
    case 'revoke':
    case 'drain':
    case 'leaderless':
    case 'stalled':
      return atSite(of(stage.sites, fault.site), stage.world, fault)
    default:
      return onRoads(
        stage.roads.filter((road) => road.site === fault.site && (fault.machine ?? road.machine) === road.machine),
        fault,
      )
  }
}

function atMachine(stage: Stage, fault: Extract<Fault, { what: AtMachine }>): () => void {
  const host = (machine: string): Host => of(stage.machines, machine).host
  switch (fault.what) {
    case 'crash':
      stage.world.end(host(fault.machine))
      for (const road of stage.roads) if (road.machine === fault.machine) road.vanish()
      return () => {}
    case 'stall':
      host(fault.machine).stalledUntil = stage.world.now + fault.forMs
      return () => {}
    case 'skew':
      host(fault.machine).skewMs += fault.byMs
      return () => {
        // Perhaps another process runs there by now.
        host(fault.machine).skewMs -= fault.byMs
      }
    case 'reroute':
      return push(stage, fault)
  }
}

function push(stage: Stage, fault: Extract<Fault, { what: 'reroute' }>): () => void {
  const { everyMs, forMs, machines, routes } = fault
  const lastsMs = forMs - (machines.length - 1) * everyMs
  for (const [place, machine] of machines.entries()) {
    stage.world.after(place * everyMs, () => stage.reroute(machine, routes), 'input')
    stage.world.after(
      place * everyMs + lastsMs,
      () => {
        if (stage.routes(machine) === routes) stage.reroute(machine, undefined)
      },
      'input',
    )
  }
  return () => {}
}

function atSite(site: Site, world: World, fault: Extract<Fault, { what: AtSite }>): () => void {
  switch (fault.what) {
    case 'kill':
      site.engine.kill()
      if (fault.data === 'wipe') site.wiped.push(world.now)
      return () => site.engine.restart({ data: fault.data })
    case 'hang':
      site.engine.hang()
      return () => site.engine.heal()
    case 'revoke':
      site.revoke()
      return () => site.permit()
    case 'drain':
      site.engine.drain({ reason: 'maintenance', withinMs: fault.forMs })
      return () => {}
    case 'leaderless':
    case 'stalled':
      site.engine.fault(fault.channel, fault.what)
      return () => site.engine.cure(fault.channel)
  }
}

function onRoads(roads: readonly Road[], fault: Exclude<Fault, { what: AtMachine | AtSite }>): () => void {
  const each = (act: (road: Road) => void) => () => roads.forEach(act)
  switch (fault.what) {
    case 'cut':
      for (const road of roads) road.change(fault.way, { flowing: 'blocked' })
      return each((road) => road.change(fault.way, { flowing: 'open' }))
    case 'lost-ack':
      for (const road of roads) road.change('down', { flowing: 'blocked' })
      return each((road) => {
        road.reset()
        road.change('down', { flowing: 'open' })
      })
    case 'swallow':
      for (const road of roads) road.change('up', { flowing: 'swallowing' })
      return each((road) => {
        road.change('up', { flowing: 'open' })
        road.reset()
      })
    case 'slow':
      for (const road of roads) road.change('both', { slow: fault.times })
      return each((road) => road.change('both', { slow: 1 }))
    case 'loss':
      for (const road of roads) road.change('both', { loss: fault.share })
      return each((road) => road.change('both', { loss: 0 }))
    case 'reset':
      for (const road of roads) road.reset()
      return () => {}
    case 'refuse':
      for (const road of roads) road.refused = fault.share
      return each((road) => {
        road.refused = 0
      })
  }
}

function of<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name)
  if (found === undefined) throw new RangeError(`there is no ${name}; known: ${[...map.keys()].join(', ')}`)
  return found
}

import type { Dice } from './dice.js'
import type { Road } from './road.js'
import type { Site } from './site.js'
import type { Host, World } from './world.js'

/** What goes wrong, where, and for how long (ms). `machine` absent: seen from every machine. */
export type Fault = { readonly forMs: number } & (
  | { readonly what: 'kill'; readonly site: string; readonly data: 'keep' | 'wipe' }
  | { readonly what: 'hang'; readonly site: string }
  | { readonly what: 'cut'; readonly site: string; readonly machine?: string; readonly way: 'up' | 'down' | 'both' }
  /** Answers are held back, then the connection is reset: stored, and the publisher never hears. */
  | { readonly what: 'lost-ack'; readonly site: string; readonly machine?: string }
  /** Bytes are accepted and thrown away, then the connection is reset. */
  | { readonly what: 'swallow'; readonly site: string; readonly machine?: string }
  | { readonly what: 'slow'; readonly site: string; readonly machine?: string; readonly times: number }
  | { readonly what: 'loss'; readonly site: string; readonly machine?: string; readonly share: number }
  | { readonly what: 'reset'; readonly site: string; readonly machine?: string }
  | { readonly what: 'revoke'; readonly site: string }
  | { readonly what: 'drain'; readonly site: string }
  | { readonly what: 'skew'; readonly machine: string; readonly byMs: number }
  | { readonly what: 'stall'; readonly machine: string }
)

export type FaultKind = Fault['what']

/** Everything a fault may touch. */
export interface Stage {
  readonly world: World
  readonly sites: ReadonlyMap<string, Site>
  readonly machines: ReadonlyMap<string, Host>
  readonly roads: readonly Road[]
}

/** Begins it; the result ends it. */
export function begin(stage: Stage, fault: Fault): () => void {
  switch (fault.what) {
    case 'stall': {
      const host = of(stage.machines, fault.machine)
      host.stalledUntil = stage.world.now + fault.forMs
      return () => {}
    }
    case 'skew': {
      const host = of(stage.machines, fault.machine)
      host.skewMs += fault.byMs
      return () => {
        host.skewMs -= fault.byMs
      }
    }
    case 'kill':
    case 'hang':
    case 'revoke':
    case 'drain':
      return atSite(of(stage.sites, fault.site), stage.world, fault)
    default:
      return onRoads(
        stage.roads.filter((road) => road.site === fault.site && (fault.machine ?? road.machine) === road.machine),
        fault,
      )
  }
}

function atSite(
  site: Site,
  world: World,
  fault: Extract<Fault, { what: 'kill' | 'hang' | 'revoke' | 'drain' }>,
): () => void {
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
  }
}

function onRoads(
  roads: readonly Road[],
  fault: Exclude<Fault, { machine: string } | { what: 'kill' | 'hang' | 'revoke' | 'drain' }>,
): () => void {
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
  }
}

function of<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name)
  if (found === undefined) throw new RangeError(`there is no ${name}; known: ${[...map.keys()].join(', ')}`)
  return found
}

/** A fault at a virtual time. */
export interface Timed {
  readonly atMs: number
  readonly fault: Fault
}

/** How often each kind comes, relative to each other. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 5,
  hang: 4,
  cut: 5,
  'lost-ack': 3,
  swallow: 2,
  slow: 2,
  loss: 2,
  reset: 3,
  revoke: 1,
  drain: 2,
  skew: 1,
  stall: 2,
}

/** Faults one after another between two times, some of them over each other. */
export function roll(
  dice: Dice,
  where: {
    sites: readonly string[]
    machines: readonly string[]
    fromMs: number
    toMs: number
    kinds?: readonly FaultKind[]
  },
): Timed[] {
  const kinds = where.kinds ?? (Object.keys(WEIGHTS) as FaultKind[])
  const plan: Timed[] = []
  let at = where.fromMs
  for (;;) {
    const fault = one(dice, weighted(dice, kinds), where)
    if (at + fault.forMs > where.toMs) return plan
    plan.push({ atMs: at, fault })
    at += dice.chance(0.25) ? dice.between(0, fault.forMs) : fault.forMs + dice.between(1_000, 40_000)
  }
}

function weighted(dice: Dice, kinds: readonly FaultKind[]): FaultKind {
  const sum = kinds.reduce((total, kind) => total + WEIGHTS[kind], 0)
  let at = dice.next() * sum
  for (const kind of kinds) {
    at -= WEIGHTS[kind]
    if (at < 0) return kind
  }
  return dice.pick(kinds)
}

function one(dice: Dice, what: FaultKind, where: { sites: readonly string[]; machines: readonly string[] }): Fault {
  const site = dice.pick(where.sites)
  const machine = dice.chance(0.6) ? { machine: dice.pick(where.machines) } : {}
  // Mostly short, now and then long: what heals within a timeout and what does not are different stories.
  const forMs = Math.round(dice.chance(0.3) ? dice.between(10_000, 60_000) : dice.between(100, 8_000))
  switch (what) {
    case 'kill':
      return { what, site, forMs, data: dice.chance(0.3) ? 'wipe' : 'keep' }
    case 'cut':
      return { what, site, ...machine, forMs, way: dice.pick(['up', 'down', 'both'] as const) }
    case 'slow':
      return { what, site, ...machine, forMs, times: 10 }
    case 'loss':
      return { what, site, ...machine, forMs, share: dice.between(0.01, 0.2) }
    case 'skew':
      return {
        what,
        machine: dice.pick(where.machines),
        forMs,
        byMs: dice.pick([-3_600_000, -5_000, 5_000, 3_600_000]),
      }
    case 'stall':
      return { what, machine: dice.pick(where.machines), forMs: Math.min(forMs, 10_000) }
    case 'lost-ack':
    case 'swallow':
    case 'reset':
      return { what, site, ...machine, forMs: Math.min(forMs, 5_000) }
    default:
      return { what, site, forMs }
  }
}

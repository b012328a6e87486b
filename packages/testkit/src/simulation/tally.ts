import type { ChannelSpec, Delivery, Outgoing } from '@spanwire/driver'
import type { Road } from './road.js'
import type { Witness } from './witness.js'

export interface Sending {
  readonly atMs: number
  readonly kind: ChannelSpec['kind']
  readonly channel: string
  readonly path: string
  readonly site: string
  readonly again: boolean
}

/** What crossed the wire, as far as an invariant asks for it. A machine here is one of its processes. */
export class Tally implements Witness {
  /** Body by id: R4. */
  readonly bodies: Map<string, string> = new Map()
  /** Ids that were seen with another body. */
  readonly altered: Set<string> = new Set()
  /** Seqs by source. */
  readonly seqs: Map<string, Set<number>> = new Map()
  /** What it is about, by source and seq. */
  readonly tokens: Map<string, number> = new Map()
  /** Times a request's body was sent. */
  readonly requests: Map<string, number> = new Map()
  /** Connections, by machine and site. */
  readonly open: Map<string, number> = new Map()
  mostOpen = 0
  /** Jobs that were acknowledged on the wire, by whom and when. */
  readonly acks: { readonly machine: string; readonly site: string; readonly token: number; readonly atMs: number }[] =
    []
  /** By machine: what was sent when and where, and whether it had been sent before. */
  readonly sends: Map<string, Sending[]> = new Map()
  messages = 0

  dialed(road: Road): void {
    const key = `${road.host.name} ${road.site}`
    const count = (this.open.get(key) ?? 0) + 1
    this.open.set(key, count)
    this.mostOpen = Math.max(this.mostOpen, count)
  }

  hungUp(road: Road): void {
    const key = `${road.host.name} ${road.site}`
    this.open.set(key, (this.open.get(key) ?? 0) - 1)
  }

  sent(road: Road, spec: ChannelSpec, batch: readonly Outgoing[]): void {
    this.messages += batch.length
    if (spec.name.startsWith('sw.')) return
    const sends = entry(this.sends, road.host.name, () => [])
    const atMs = road.host.runtime.now()
    const { site } = road
    for (const message of batch) {
      const again = message.headers?.includes('sw-again') ?? false
      sends.push({ atMs, kind: spec.kind, channel: spec.name, path: message.path, site, again })
      const body = String(message.body)
      if (spec.kind === 'rpc') this.requests.set(body, (this.requests.get(body) ?? 0) + 1)
      if (message.id !== undefined) this.#identified(spec, message.id, body)
    }
  }

  #identified(spec: ChannelSpec, id: string, body: string): void {
    const before = this.bodies.get(id)
    if (before !== undefined) {
      if (before !== body) this.altered.add(id)
      return
    }
    this.bodies.set(id, body)
    const dot = id.indexOf('.')
    const end = id.indexOf('.', dot + 1)
    const source = id.slice(0, dot)
    if (spec.kind === 'topic') this.tokens.set(id.slice(0, end), tokenOf(body))
    entry(this.seqs, source, () => new Set<number>()).add(Number(id.slice(dot + 1, end)))
  }

  settled(road: Road, spec: ChannelSpec, delivery: Delivery, how: unknown): void {
    if (spec.kind !== 'queue' || how !== 'ack') return
    const { site, host } = road
    this.acks.push({ machine: host.name, site, token: tokenOf(String(delivery.body)), atMs: host.runtime.now() })
  }
}

/** Removals have no body. */
function tokenOf(body: string): number {
  return Number(/"token":(\d+)/.exec(body)?.[1] ?? -1)
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

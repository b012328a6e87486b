import { type ChannelSpec, MessagingError } from '@spanwire/driver'
import type { Place } from './channel.js'
import { deleted, full, notAllowed } from './errors.js'
import type { Settings } from './options.js'
import { type Peeked, Queue } from './queue.js'
import { Rpc } from './rpc.js'
import type { Depth, Store } from './store.js'
import { Topic } from './topic.js'
import type { Turns } from './turns.js'

/** The channels of an engine, by name. Bound: `maxChannels`. */
export class Places {
  /** Changes when the data is wiped. */
  epoch: string
  readonly #turns: Turns
  readonly #settings: Settings
  readonly #places: Map<string, Place> = new Map()
  readonly #forbidden: Set<string> = new Set()
  #logs = 0

  constructor(turns: Turns, settings: Settings) {
    this.#turns = turns
    this.#settings = settings
    this.epoch = this.#newEpoch()
  }

  get size(): number {
    return this.#places.size
  }

  open(spec: ChannelSpec, missing: 'create' | 'refuse'): Place {
    if (this.#forbidden.has(spec.name)) throw notAllowed(spec.name)
    const there = this.#places.get(spec.name)
    if (there !== undefined) return sameSpec(there, spec)
    if (missing === 'refuse') {
      throw new MessagingError('not-found', `channel "${spec.name}" does not exist at this memory engine`, {
        scope: 'channel',
        retryable: false,
      })
    }
    if (this.#places.size >= this.#settings.maxChannels) {
      throw full(spec.name, 'the number of channels of the engine', this.#settings.maxChannels)
    }
    const place: Place = { store: this.#make({ ...spec }), receptions: new Set(), closed: undefined }
    this.#places.set(spec.name, place)
    return place
  }

  delete(name: string): boolean {
    const place = this.#places.get(name)
    if (place === undefined) return false
    this.#places.delete(name)
    place.closed = 'deleted'
    for (const reception of [...place.receptions]) reception.fail(deleted(name))
    place.store.dispose()
    return true
  }

  revoke(name: string): void {
    this.#forbidden.add(name)
    const place = this.#places.get(name)
    if (place === undefined) return
    place.closed = 'forbidden'
    for (const reception of [...place.receptions]) reception.fail(notAllowed(name))
  }

  permit(name: string): void {
    this.#forbidden.delete(name)
    const place = this.#places.get(name)
    if (place !== undefined) place.closed = undefined
  }

  /** As a new disk: permissions stay, they are not data. */
  wipe(): void {
    this.#places.clear()
    this.#turns.agenda.clear()
    this.epoch = this.#newEpoch()
  }

  peek(name: string, limit: number): readonly Peeked[] {
    const store = this.#places.get(name)?.store
    return store instanceof Queue ? store.peek(limit) : []
  }

  depths(): readonly Depth[] {
    const depths = [...this.#places.values()].map((place) => place.store.depth())
    return depths.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #make(spec: ChannelSpec): Store {
    switch (spec.kind) {
      case 'topic':
        return new Topic(this.#turns, this.#settings, spec, `${this.epoch}.${this.#logs++}`)
      case 'queue':
        return new Queue(this.#turns, this.#settings, spec)
      case 'rpc':
        return new Rpc(this.#turns, this.#settings, spec)
      default:
        return spec satisfies never
    }
  }

  #newEpoch(): string {
    const { clock } = this.#settings
    const random = clock.random?.() ?? Math.random()
    return Math.floor(clock.wall()).toString(36) + Math.floor(random * 2 ** 48).toString(36)
  }
}

function sameSpec(place: Place, spec: ChannelSpec): Place {
  const there = place.store.spec
  if (describe(there) === describe(spec)) return place
  throw new MessagingError(
    'conflict',
    `channel "${spec.name}" exists as ${describe(there)}, not as ${describe(spec)}; delete it or open it as it is`,
    { scope: 'channel', retryable: false },
  )
}

function describe(spec: ChannelSpec): string {
  const base = `${spec.kind} with ${spec.params} path tokens`
  if (spec.kind === 'topic') return `${spec.keep} ${base}${spec.latest ? ', latest kept' : ''}`
  return spec.kind === 'queue' ? `${base}, lease ${spec.leaseMs} ms` : base
}

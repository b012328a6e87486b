import { type ChannelSpec, MessagingError } from '@spanwire/driver'
import { full, notAllowed } from './errors.js'
import { type Fault, Gate } from './gate.js'
import type { Settings } from './options.js'
import { Place } from './place.js'
import { type Peeked, Queue } from './queue.js'
import { Rpc } from './rpc.js'
import type { Depth, Store } from './store.js'
import { Topic } from './topic.js'
import type { Op, Turns } from './turns.js'

/** The channels of an engine, by name. Bound: `maxChannels`. */
export class Places {
  /** Changes when the data is wiped. */
  epoch: string
  readonly #turns: Turns
  readonly #settings: Settings
  readonly #places: Map<string, Place> = new Map()
  readonly #faults: Map<string, Fault> = new Map()
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
    if (this.#faults.get(spec.name) === 'forbidden') throw notAllowed(spec.name)
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
    const gate = new Gate(this.#turns, this.#faults.get(spec.name))
    const place = new Place(this.#make({ ...spec }, gate), gate)
    this.#places.set(spec.name, place)
    return place
  }

  delete(name: string): boolean {
    const place = this.#places.get(name)
    if (place === undefined) return false
    this.#places.delete(name)
    place.remove()
    return true
  }

  /** Of a channel that exists or will. */
  afflict(name: string, fault: Fault | undefined): void {
    if (fault === undefined) this.#faults.delete(name)
    else this.#faults.set(name, fault)
    this.#places.get(name)?.afflict(fault)
  }

  held(): readonly Op[] {
    return [...this.#places.values()].flatMap((place) => place.gate.held())
  }

  /** The process is gone, and with it what stalled channels had not read. */
  empty(): void {
    for (const place of this.#places.values()) place.gate.empty()
  }

  /** As a new disk: what is wrong stays wrong, it is not data. */
  wipe(): void {
    this.#places.clear()
    this.#turns.agenda.clear()
    this.epoch = this.#newEpoch()
  }

  /** As a disk that was written now and then: of each durable topic so many of the newest are gone. */
  rollBack(count: number): void {
    for (const { store } of this.#places.values()) if (store instanceof Topic) store.rollBack(count)
  }

  peek(name: string, limit: number): readonly Peeked[] {
    const store = this.#places.get(name)?.store
    return store instanceof Queue ? store.peek(limit) : []
  }

  depths(): readonly Depth[] {
    const depths = [...this.#places.values()].map((place) => place.store.depth())
    return depths.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #make(spec: ChannelSpec, gate: Gate): Store {
    switch (spec.kind) {
      case 'topic':
        return new Topic(gate, this.#settings, spec, `${this.epoch}.${this.#logs++}`)
      case 'queue':
        return new Queue(gate, this.#settings, spec)
      case 'rpc':
        return new Rpc(gate, this.#settings, spec)
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

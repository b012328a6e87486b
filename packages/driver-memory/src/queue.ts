import type { Batch, Body, ChannelSpec, Headers, Outgoing, SendOutcome } from '@spanwire/driver'
import { Desk, type Kind } from './desk.js'
import { Entry } from './entry.js'
import { full } from './errors.js'
import type { Gate } from './gate.js'
import { Job } from './job.js'
import type { Settings } from './options.js'
import { DONE, refuse } from './outcomes.js'
import { filterOf } from './paths.js'
import type { Attached, Depth, Seat, Store } from './store.js'
import { Taking } from './taking.js'

export type QueueSpec = Extract<ChannelSpec, { kind: 'queue' }>

/** A job as {@link Queue.peek} shows it. */
export interface Peeked {
  readonly id: string | undefined
  readonly path: string
  readonly body: Body
  readonly headers: Headers
  /** Deliveries so far. */
  readonly attempts: number
  /** `parked`: an earlier job of its key is not settled. `later`: delayed, or to be tried again. `taken`: with a consumer. */
  readonly state: 'waiting' | 'parked' | 'later' | 'taken'
}

/** A queue: first in, first out; each job with one consumer at a time until it is acknowledged. */
export class Queue implements Store, Kind {
  readonly spec: QueueSpec
  readonly settles = 'ack'
  readonly leaseMs: number
  readonly #gate: Gate
  readonly #settings: Settings
  readonly #desk: Desk
  readonly #jobs: Set<Job> = new Set()

  constructor(gate: Gate, settings: Settings, spec: QueueSpec) {
    this.spec = spec
    this.leaseMs = spec.leaseMs
    this.#gate = gate
    this.#settings = settings
    this.#desk = new Desk(gate, this)
  }

  take(out: Outgoing): SendOutcome {
    if (this.#jobs.size >= this.#settings.maxJobs) {
      return refuse(full(this.spec.name, 'the number of its jobs', this.#settings.maxJobs))
    }
    const now = this.#gate.now()
    const entry = new Entry(out, this.#gate.stamp(), now)
    const job = new Job(this.#desk, entry, this.#desk.rank++, entry.orderKey)
    this.#jobs.add(job)
    if (out.delayMs === undefined || out.delayMs <= 0) this.#desk.add(job)
    else this.#desk.addLater(job, now + out.delayMs)
    return DONE
  }

  attach(seat: Seat): Attached {
    const filter = filterOf(seat.source.paths, this.spec.params)
    return new Taking(this.#desk, { ...seat, channel: this.spec.name, filter })
  }

  /** The oldest jobs, whatever their state. Changes nothing. */
  peek(limit: number): readonly Peeked[] {
    const oldest = [...this.#jobs].sort((a, b) => a.index - b.index).slice(0, limit)
    return oldest.map(({ entry, attempts, state }) => {
      const { id, path, body } = entry
      const shown = state === 'new' || state === 'done' ? 'waiting' : state
      return { id, path, body, headers: entry.headers(), attempts, state: shown }
    })
  }

  depth(): Depth {
    const { taken, line, parked, members } = this.#desk
    const messages = this.#jobs.size
    const delayed = messages - taken - line.length - parked
    return { name: this.spec.name, kind: 'queue', messages, taken, delayed, receptions: members.length }
  }

  dispose(): void {
    for (const job of this.#jobs) this.#gate.agenda.remove(job)
  }

  more(): undefined {
    return undefined
  }

  lost(): Batch['lost'] {
    return undefined
  }

  ended(job: Job): void {
    this.#jobs.delete(job)
  }
}

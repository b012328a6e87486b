import { type Batch, MessagingError } from '@spanwire/driver'
import { Desk, type Kind } from './desk.js'
import type { Gate } from './gate.js'
import { Job } from './job.js'
import type { Log } from './log.js'
import { type Filter, filterOf } from './paths.js'
import type { Seat } from './store.js'
import { Taking } from './taking.js'
import type { TopicSpec } from './topic.js'

/** Entries of the log that one look for work reads, so that a rare path in a long log does not stop the engine. */
const MAX_SCAN = 10_000

/** A durable topic's group: its place in the log, kept whether members are there or not, and what they have not settled. */
export class Group implements Kind {
  readonly settles = 'ack'
  readonly leaseMs: number
  readonly desk: Desk
  readonly #gate: Gate
  readonly #log: Log
  #cursor: number
  #expired = 0
  #paths: readonly string[] | undefined
  #filter: Filter | undefined

  constructor(gate: Gate, log: Log, from: number, leaseMs: number) {
    this.leaseMs = leaseMs
    this.#gate = gate
    this.#log = log
    this.#cursor = from
    this.desk = new Desk(gate, this)
  }

  /** Members share one filter, that of the first. Throws `conflict` for another. */
  join(spec: TopicSpec, seat: Seat): Taking {
    const { source } = seat
    if (this.desk.members.length === 0) {
      this.#paths = source.paths
      this.#filter = filterOf(source.paths, spec.params)
    } else if (!same(this.#paths, source.paths)) {
      throw new MessagingError('conflict', `members of a group of "${spec.name}" ask for different paths`, {
        scope: 'channel',
        retryable: false,
      })
    }
    return new Taking(this.desk, { ...seat, channel: spec.name, filter: undefined })
  }

  /** Its place is in the log again, should the log have been rolled back behind it. */
  rollBack(): void {
    this.#cursor = Math.min(this.#cursor, this.#log.end)
  }

  more(): Job | undefined {
    const log = this.#log
    this.#skipExpired()
    const stop = Math.min(log.end, this.#cursor + MAX_SCAN)
    const now = this.#gate.now()
    while (this.#cursor < stop) {
      const index = this.#cursor++
      const entry = log.at(index)
      if (entry === undefined || entry.expiresAt <= now || this.#filter?.(entry.path) === false) continue
      return new Job(this.desk, entry, index, entry.orderKey)
    }
    if (this.#cursor < log.end) this.#gate.wake(this.desk)
    return undefined
  }

  lost(): Batch['lost'] {
    if (this.#expired === 0) return undefined
    const count = this.#expired
    this.#expired = 0
    return { reason: 'expired', count }
  }

  ended(): void {
    // The log keeps the message for other readers.
  }

  #skipExpired(): void {
    if (this.#cursor >= this.#log.first) return
    this.#expired += this.#log.first - this.#cursor
    this.#cursor = this.#log.first
  }
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && [...a].sort().join() === [...b].sort().join())
}

import { MessagingError, type Outgoing } from '@spanwire/driver'
import { Entry } from './entry.js'

/**
 * The append-only memory of a durable topic. Positions are `epoch:index`; an index is never used twice in an epoch, but for
 * what was rolled back, and an epoch is never used by two logs. Bound: `retain`; beyond, the oldest go.
 */
export class Log {
  readonly epoch: string
  readonly #retain: { readonly messages: number; readonly bytes: number }
  /** `#entries[0]` has the index `#base`; what expired is undefined until the next compaction. */
  #entries: (Entry | undefined)[] = []
  #base = 0
  #first = 0
  #bytes = 0
  #lastMs = 0
  #expiredMs = Number.NEGATIVE_INFINITY

  constructor(epoch: string, retain: { readonly messages: number; readonly bytes: number }) {
    this.epoch = epoch
    this.#retain = retain
  }

  /** Index of the oldest that is kept. */
  get first(): number {
    return this.#first
  }

  /** Index of the next one. */
  get end(): number {
    return this.#base + this.#entries.length
  }

  get bytes(): number {
    return this.#bytes
  }

  append(out: Outgoing, wallMs: number, now: number): Entry {
    // Stamps never go back, else a start by time could not be found by halving.
    this.#lastMs = Math.max(this.#lastMs, Math.floor(wallMs))
    const entry = new Entry(out, this.#lastMs, now, this, this.end)
    this.#entries.push(entry)
    this.#bytes += entry.size
    while (this.#isOver()) this.#expire()
    return entry
  }

  /** The newest are gone, and their indices are given again. */
  rollBack(count: number): void {
    for (let left = Math.min(count, this.end - this.#first); left > 0; left--)
      this.#bytes -= this.#entries.pop()?.size ?? 0
  }

  at(index: number): Entry | undefined {
    return this.#entries[index - this.#base]
  }

  /** Where a reader of all that was stamped then or later begins. */
  sinceTime(timeMs: number): number {
    let low = this.#first
    let high = this.end
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.at(middle)?.timeMs ?? 0) < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Has something expired that was stamped then or later? */
  hasExpiredSince(timeMs: number): boolean {
    return this.#expiredMs >= timeMs
  }

  /** The index after a position. Throws `conflict` when it is not one of this log. */
  after(position: string): number {
    const cut = position.lastIndexOf(':')
    const index = Number(position.slice(cut + 1))
    if (position.slice(0, cut) !== this.epoch || !(index >= 0 && index < this.end)) {
      throw new MessagingError('conflict', `position "${position}" is of another log than "${this.epoch}"`, {
        scope: 'channel',
        retryable: false,
      })
    }
    return index + 1
  }

  #isOver(): boolean {
    const count = this.end - this.#first
    return count > 1 && (count > this.#retain.messages || this.#bytes > this.#retain.bytes)
  }

  #expire(): void {
    const oldest = this.at(this.#first)
    this.#entries[this.#first - this.#base] = undefined
    this.#first++
    if (oldest !== undefined) {
      this.#bytes -= oldest.size
      this.#expiredMs = oldest.timeMs
    }
    const gone = this.#first - this.#base
    if (gone < 1_024 || gone * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(gone)
    this.#base = this.#first
  }
}

import type { Call } from './call.js'
import type { NewRecord } from './port/producing.js'

/** One message on its way to a partition. */
export interface Entry {
  readonly call: Call
  readonly index: number
  readonly record: NewRecord
  readonly bytes: number
}

/** From so many on, those that were cancelled meanwhile are taken out of the line. */
const MIN_SWEEP = 1_024

/** What waits for one partition, in order. At most one batch of it is under way. */
export class Lane {
  readonly partition: number
  bytes = 0
  /** Given to the port and not reported; empty: none. */
  underWay: readonly Entry[] = []
  #line: Entry[] = []
  #from = 0
  #sweepAt: number = MIN_SWEEP

  constructor(partition: number) {
    this.partition = partition
  }

  put(entry: Entry): void {
    this.#line.push(entry)
    this.bytes += entry.bytes
    if (this.#line.length - this.#from > this.#sweepAt) this.#sweep()
  }

  /** The next batch of at most so many bytes together; empty: nothing waits. */
  take(maxBytes: number): Entry[] {
    const batch: Entry[] = []
    let left = maxBytes
    for (; this.#from < this.#line.length; this.#from++) {
      const entry = this.#line[this.#from]
      if (entry === undefined) break
      if (entry.call.waits(entry.index)) {
        if (batch.length > 0 && entry.bytes > left) break
        left -= entry.bytes
        batch.push(entry)
      }
      this.bytes -= entry.bytes
    }
    if (this.#from === this.#line.length) this.#clear()
    return batch
  }

  /** The next batch is under way from now on. False: nothing waits. */
  load(maxBytes: number): boolean {
    this.underWay = this.take(maxBytes)
    return this.underWay.length > 0
  }

  #clear(): void {
    this.#line = []
    this.#from = 0
    this.#sweepAt = MIN_SWEEP
  }

  /** A partition whose leader hangs must not pile up what its senders have given up. */
  #sweep(): void {
    this.#line = this.#line.slice(this.#from).filter(({ call, index }) => call.waits(index))
    this.#from = 0
    this.bytes = this.#line.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#sweepAt = Math.max(MIN_SWEEP, 2 * this.#line.length)
  }
}

import type { Arrival } from '../arrival/arrival.js'
import type { Runtime } from '../runtime/runtime.js'
import type { MarksReader } from './marks.js'

type Told = Pick<Arrival<never>, 'end' | 'knows' | 'mark' | 'refused'>

/** A mark that speaks of messages which have not come. */
interface Pending {
  readonly high: number
  readonly timeMs: number
  readonly atMs: number
}

export interface HearingOptions {
  readonly runtime: Runtime
  /** Some paths only: sources that never came here may be of other paths, and what is said of them is not for us. */
  readonly isFiltered: boolean
  /** Every attached site has been read past this moment, Runtime ms and Unix ms. */
  readonly isPast: (nowMs: number, wallMs: number) => boolean
  /** Something may be missing now. */
  readonly arm: () => void
}

const LOOK_MS = 1_000
/** Sources whose mark waits; beyond, the oldest is forgotten: the next one says the same again. */
const MAX_PENDING = 10_000

/**
 * What publishers say of their sources. A mark counts when the sites have been read past it (R33): what a slow reader has
 * not come to is not missing.
 */
export class Hearing implements MarksReader {
  readonly #arrival: Told
  readonly #options: HearingOptions
  readonly #pending = new Map<string, Pending>()
  #timer: (() => void) | undefined

  constructor(arrival: Told, options: HearingOptions) {
    this.#arrival = arrival
    this.#options = options
  }

  refused(source: string, first: number, last: number): void {
    this.#arrival.refused(source, first, last, this.#options.runtime.now())
    this.#options.arm()
  }

  marked(source: string, high: number, timeMs: number): void {
    const knows = this.#arrival.knows(source, high)
    if (knows === undefined && this.#options.isFiltered) return
    if (knows === true) this.#mark(source, high, timeMs)
    else this.#wait(source, { high, timeMs, atMs: this.#options.runtime.now() })
  }

  ended(source: string): void {
    this.#arrival.end(source)
  }

  stop(): void {
    this.#timer?.()
    this.#pending.clear()
  }

  #mark(source: string, high: number, timeMs: number): void {
    this.#arrival.mark(source, high, timeMs, this.#options.runtime.now())
  }

  /** The newest mark of a source says all that those before it did. */
  #wait(source: string, pending: Pending): void {
    this.#pending.delete(source)
    this.#pending.set(source, pending)
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING) break
      this.#pending.delete(oldest)
    }
    this.#timer ??= this.#options.runtime.after(LOOK_MS, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    for (const [source, { atMs, high, timeMs }] of this.#pending) {
      if (this.#arrival.knows(source, high) !== true && !this.#options.isPast(atMs, timeMs)) continue
      this.#pending.delete(source)
      this.#mark(source, high, timeMs)
    }
    if (this.#pending.size > 0) this.#timer = this.#options.runtime.after(LOOK_MS, () => this.#look())
    this.#options.arm()
  }
}

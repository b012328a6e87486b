import type { Arrival } from '../arrival/arrival.js'
import type { Runtime } from '../runtime/runtime.js'
import type { MarksReader, Saying } from './marks.js'

type Told = Pick<Arrival<never>, 'end' | 'knows' | 'mark' | 'refused' | 'sources'>

/** A mark that speaks of messages which have not come. */
interface Pending {
  readonly high: number
  readonly timeMs: number
  readonly atMs: number
}

export interface HearingOwner {
  /** Some paths only: sources that never came here may be of other paths, and what is said of them is not for us. */
  readonly isFiltered: boolean
  /** Every attached site has been read past this moment, Runtime ms and Unix ms. */
  isPast(nowMs: number, wallMs: number): boolean
  /** Something may be missing now. */
  arm(): void
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
  readonly #runtime: Runtime
  readonly #owner: HearingOwner
  /** Made for the first: most marks say what is known. */
  #pending: Map<string, Pending> | undefined
  #timer: (() => void) | undefined

  constructor(arrival: Told, runtime: Runtime, owner: HearingOwner) {
    this.#arrival = arrival
    this.#runtime = runtime
    this.#owner = owner
  }

  /** Thousands of filtered subscriptions may hear of thousands of sources, of which each knows a few: the shorter list is gone through. */
  hear(sayings: ReadonlyMap<string, Saying>): void {
    const { sources } = this.#arrival
    const isShorter = this.#owner.isFiltered && sources.size < sayings.size
    for (const source of (isShorter ? sources : sayings).keys()) {
      const saying = sayings.get(source)
      if (saying) this.#heed(source, saying)
    }
  }

  stop(): void {
    this.#timer?.()
    this.#pending = undefined
  }

  #heed(source: string, { isOver, mark, voids }: Saying): void {
    for (const [first, last] of voids ?? []) this.#arrival.refused(source, first, last, this.#runtime.now())
    if (voids) this.#owner.arm()
    if (mark) this.#marked(source, mark.high, mark.timeMs)
    if (isOver) this.#arrival.end(source)
  }

  #marked(source: string, high: number, timeMs: number): void {
    const knows = this.#arrival.knows(source, high)
    if (knows === undefined && this.#owner.isFiltered) return
    if (knows === true) this.#mark(source, high, timeMs)
    else this.#wait(source, { high, timeMs, atMs: this.#runtime.now() })
  }

  #mark(source: string, high: number, timeMs: number): void {
    this.#arrival.mark(source, high, timeMs, this.#runtime.now())
  }

  /** The newest mark of a source says all that those before it did. */
  #wait(source: string, mark: Pending): void {
    this.#pending ??= new Map()
    this.#pending.delete(source)
    this.#pending.set(source, mark)
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING) break
      this.#pending.delete(oldest)
    }
    this.#timer ??= this.#runtime.after(LOOK_MS, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    const pending = this.#pending ?? new Map<string, Pending>()
    for (const [source, { atMs, high, timeMs }] of pending) {
      if (this.#arrival.knows(source, high) !== true && !this.#owner.isPast(atMs, timeMs)) continue
      pending.delete(source)
      this.#mark(source, high, timeMs)
    }
    if (pending.size > 0) this.#timer = this.#runtime.after(LOOK_MS, () => this.#look())
    else this.#pending = undefined
    this.#owner.arm()
  }
}

import { type Bar, FIELDS } from './bar.js'

/** What the proof needs of a tick. */
export interface Counted {
  readonly n: number
  readonly of: number
  readonly price: number
  readonly size: number
}

/**
 * A day rebuilt from the ticks that came, as any charting program would: the first is the open, the last the close, sizes add
 * up. Nothing is repaired, so one tick too few, too many or out of order shows. Bounded by the day's number of ticks.
 */
export class Tally {
  #bar: Bar | undefined
  #seen = new Uint8Array(0)
  #distinct = 0
  #doubled = 0
  #disordered = 0
  #last = 0
  #highest = 0

  add({ n, of, price, size }: Counted): void {
    if (this.#seen.length === 0) this.#seen = new Uint8Array(of + 1)
    if (this.#seen[n]) this.#doubled += 1
    else this.#distinct += 1
    this.#seen[n] = 1
    if (n < this.#last) this.#disordered += 1
    this.#last = n
    this.#highest = Math.max(this.#highest, n)
    const before = this.#bar ?? { open: price, high: price, low: price, volume: 0 }
    this.#bar = {
      open: before.open,
      high: Math.max(before.high, price),
      low: Math.min(before.low, price),
      close: price,
      volume: before.volume + size,
    }
  }

  /** Nothing before the first tick. */
  get bar(): Bar | undefined {
    return this.#bar
  }

  /** Ticks that came, each counted once. */
  get received(): number {
    return this.#distinct
  }

  /** How many the day has; 0 before the first tick. */
  get expected(): number {
    return Math.max(0, this.#seen.length - 1)
  }

  /** Below the highest number that came, and not here. */
  get lost(): number {
    return this.#highest - this.#distinct
  }

  get doubled(): number {
    return this.#doubled
  }

  /** Came after a later one. */
  get disordered(): number {
    return this.#disordered
  }

  /** Every tick of the day is here. */
  get complete(): boolean {
    return this.#distinct > 0 && this.#distinct === this.expected
  }
}

/** Where the rebuilt day differs from the real one. Empty: it is the same. */
export function differences(rebuilt: Bar | undefined, real: Bar): readonly (typeof FIELDS)[number][] {
  return FIELDS.filter((field) => rebuilt?.[field] !== real[field])
}

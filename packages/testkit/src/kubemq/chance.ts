/** Draws that a seed repeats (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, and without, 1. */
  draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  hits(rate: number): boolean {
    return rate > 0 && this.draw() < rate
  }

  between(from: number, to: number): number {
    return from + this.draw() * (to - from)
  }

  /** The same things in another order. */
  shuffled<T>(things: Iterable<T>): T[] {
    return [...things]
      .map((thing) => ({ thing, at: this.draw() }))
      .sort((a, b) => a.at - b.at)
      .map(({ thing }) => thing)
  }
}

import type { Body } from '@spanwire/driver'

/** From so many on, what was taken is cut off the list. */
const MIN_CUT = 1_024

/** What waits, in the order of its arrival, taken from the front. Its owner bounds it. */
export class Pile<T extends { readonly body: Body }> {
  /** Of the bodies that lie here. */
  bytes = 0
  #items: T[] = []
  #from = 0

  get count(): number {
    return this.#items.length - this.#from
  }

  put(item: T): void {
    this.#items.push(item)
    this.bytes += item.body.length
  }

  /** At most so many of so many bytes together, but always one, however large, if one may be taken. */
  take(count: number, bytes: number = Number.POSITIVE_INFINITY): readonly T[] {
    return this.#cut(this.#fitting(Math.min(this.count, count), bytes))
  }

  #fitting(most: number, bytes: number): number {
    if (most <= 1 || this.bytes <= bytes) return Math.max(0, most)
    let size = 0
    for (let count = 0; count < most; count++) {
      size += this.#items[this.#from + count]?.body.length ?? 0
      if (size > bytes) return Math.max(1, count)
    }
    return most
  }

  #cut(count: number): readonly T[] {
    const all = this.#items
    if (count === all.length) {
      this.#items = []
      this.bytes = 0
      return all
    }
    const taken = all.slice(this.#from, this.#from + count)
    for (const { body } of taken) this.bytes -= body.length
    this.#from += count
    if (this.count === 0 || (this.#from > MIN_CUT && this.#from * 2 > all.length)) {
      this.#items = all.slice(this.#from)
      this.#from = 0
    }
    return taken
  }
}

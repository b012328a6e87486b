/** From so many on, what was taken is cut off the list. */
const MIN_CUT = 1_024

interface Sized {
  readonly body: { readonly length: number }
}

/** What waits, in the order of its arrival, taken from the front. */
export class Pile<T extends Sized> {
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

  /** At most so many of so many bytes together, but always one if one may be taken. */
  take(count: number, bytes: number = Number.POSITIVE_INFINITY): T[] {
    const taken: T[] = []
    for (let left = bytes; taken.length < count; ) {
      const next = this.#items[this.#from]
      if (next === undefined || (taken.length > 0 && next.body.length > left)) break
      left -= next.body.length
      this.bytes -= next.body.length
      this.#from += 1
      taken.push(next)
    }
    if (this.#from > MIN_CUT || this.count === 0) {
      this.#items = this.#items.slice(this.#from)
      this.#from = 0
    }
    return taken
  }
}

import type { NatsDelivery } from './delivery.js'

/** From so many on, what was taken is cut off the list. */
const MIN_CUT = 1_024

/** Deliveries in the order of their arrival, taken from the front. */
export class Pile {
  bytes = 0
  #items: NatsDelivery[] = []
  #from = 0

  get count(): number {
    return this.#items.length - this.#from
  }

  put(delivery: NatsDelivery): void {
    this.#items.push(delivery)
    this.bytes += delivery.body.length
  }

  take(count: number): readonly NatsDelivery[] {
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

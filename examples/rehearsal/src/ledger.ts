import type { Order } from './orders.js'

/** A wait on the clock of whoever asks. */
export type Pause = (ms: number) => Promise<void>

/** Where bookings are kept: a database that outlives the services, and takes its time. */
export class Ledger {
  /** In the order of booking. */
  readonly bookings: Order[] = []
  readonly #numbers = new Set<number>()

  async has({ number }: Order, pause: Pause): Promise<boolean> {
    await pause(5)
    return this.#numbers.has(number)
  }

  async book(order: Order, pause: Pause): Promise<void> {
    await pause(20)
    this.bookings.push(order)
    this.#numbers.add(order.number)
  }

  /** As an insert under a unique key: false if the number is booked already. */
  async bookOnce(order: Order, pause: Pause): Promise<boolean> {
    await pause(20)
    if (this.#numbers.has(order.number)) return false
    this.bookings.push(order)
    this.#numbers.add(order.number)
    return true
  }
}

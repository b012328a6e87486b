import type { Delivery } from '@spanwire/driver'

/** Deliveries that were pulled and not settled yet, at most so many as the flow allows. */
export class Owed {
  readonly #taken = new Set<Delivery>()
  #most: number
  #empty: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  adjust(most: number): void {
    this.#most = most
  }

  /** So many more may be pulled now. */
  room(): number {
    return this.#most - (this.#taken.size < this.#most ? this.#taken.size : this.#count())
  }

  took(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#taken.add(delivery)
  }

  settled(delivery: Delivery): void {
    this.#taken.delete(delivery)
    this.#tell()
  }

  /** Resolves when all that was pulled is settled. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#empty.push(resolve)
      this.#tell()
    })
  }

  #tell(): void {
    if (this.#empty.length > 0 && this.#count() === 0) for (const resolve of this.#empty.splice(0)) resolve()
  }

  /** What was lost meanwhile is nobody's to settle. */
  #count(): number {
    for (const delivery of this.#taken) if (!delivery.held) this.#taken.delete(delivery)
    return this.#taken.size
  }
}

import type { Delivery } from '@spanwire/driver'
import { notHeld } from './errors.js'
import { Leases } from './leases.js'

/** What a delivery is settled with. */
export type Settlement = Parameters<Delivery['settle']>[0]

/** How deliveries of one reception are settled at the engine. */
export interface Terms<D> {
  /** How long a delivery stays ours without settle or extend, from when it was asked for. */
  readonly leaseMs: number
  /** Resolves when the engine has noted it. Refuses what it cannot say, then calls `release`, which throws if it is not ours, then says it. */
  settle(delivery: D, how: Settlement, release: () => void): Promise<void>
  /** Resolves when the engine gives us the lease anew. */
  extend(delivery: D): Promise<void>
  /** To others. `expired`: its lease was over, which the engine may know or not. */
  giveBack(delivery: D, why: 'unused' | 'expired'): void
  /** Whether what was pulled can be given back as well. */
  readonly takesBack: boolean
}

/** Deliveries that are ours until they are settled, each until its lease is over. */
export class Hold<D extends Delivery> {
  readonly #terms: Terms<D>
  readonly #leases: Leases<D>

  /** `freed`: one less is held. */
  constructor(terms: Terms<D>, freed: () => void) {
    this.#terms = terms
    this.#leases = new Leases(terms.leaseMs, { freed, expired: (one) => this.giveBack(one, 'expired') })
  }

  get count(): number {
    return this.#leases.count
  }

  /** Of the bodies that are held. */
  get bytes(): number {
    return this.#leases.bytes
  }

  /** Holds it. `from`: when it was asked for, on the monotonic clock; absent: now. */
  add(delivery: D, from?: number): void {
    this.#leases.add(delivery, from)
  }

  has(delivery: D): boolean {
    return this.#leases.has(delivery)
  }

  settle(delivery: D, how: Settlement): Promise<void> {
    return this.#terms.settle(delivery, how, () => {
      if (!this.has(delivery)) throw notHeld()
      this.release(delivery)
    })
  }

  async extend(delivery: D): Promise<void> {
    if (!this.has(delivery)) throw notHeld()
    const from = performance.now()
    await this.#terms.extend(delivery)
    if (this.has(delivery)) this.#leases.add(delivery, from)
  }

  giveBack(delivery: D, why: 'unused' | 'expired'): void {
    if (this.release(delivery)) this.#terms.giveBack(delivery, why)
  }

  /** Holds it no more, and says so to nobody. */
  release(delivery: D): boolean {
    return this.#leases.release(delivery)
  }

  /** Holds nothing any more, and says so to nobody. */
  clear(): void {
    this.#leases.clear()
  }

  /** Resolves when nothing is held; at the signal's abort what still is goes back, or is let go. */
  idle(signal: AbortSignal): Promise<void> {
    return this.#leases.idle(signal, (one) => {
      if (this.#terms.takesBack) this.giveBack(one, 'unused')
      else this.release(one)
    })
  }
}

import type { Delivery } from '@spanwire/driver'
import { after } from './after.js'

/** Who hears what becomes of a lease. */
export interface Landlord<D> {
  /** One less is held. */
  freed?(): void
  /** Its lease is over. Has to release it. */
  expired(delivery: D): void
}

/** Deliveries that are ours until they are released, each until its lease is over. */
export class Leases<D extends Delivery> {
  /** Of the bodies that are held. */
  bytes = 0
  readonly #leaseMs: number
  readonly #landlord: Landlord<D>
  readonly #until = new Map<D, number>()
  #onIdle: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `leaseMs`: how long a delivery stays ours; `Infinity`: until it is released. */
  constructor(leaseMs: number, landlord: Landlord<D>) {
    this.#leaseMs = leaseMs
    this.#landlord = landlord
  }

  get count(): number {
    return this.#until.size
  }

  /** Holds it, or holds it longer. `from`: when its lease began, on the monotonic clock. */
  add(delivery: D, from: number = performance.now()): void {
    if (!this.#until.delete(delivery)) this.bytes += delivery.body.length
    this.#until.set(delivery, from + this.#leaseMs)
    this.#timer ??= after(from + this.#leaseMs - performance.now(), () => this.#sweep())
  }

  /** A timer may be late: what is over is over. */
  has(delivery: D): boolean {
    return (this.#until.get(delivery) ?? 0) > performance.now()
  }

  /** Holds it no more. False: it was not held. */
  release(delivery: D): boolean {
    if (!this.#until.delete(delivery)) return false
    this.bytes -= delivery.body.length
    if (this.#until.size === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#onIdle()
    }
    this.#landlord.freed?.()
    return true
  }

  /** Holds nothing any more, and says so to nobody else. */
  clear(): void {
    for (const one of [...this.#until.keys()]) this.release(one)
  }

  /** Resolves when nothing is held; at the signal's abort `cut` is called for each that still is, and releases it. */
  async idle(signal: AbortSignal, cut: (delivery: D) => void): Promise<void> {
    const cutAll = (): void => {
      for (const one of [...this.#until.keys()]) cut(one)
    }
    if (signal.aborted) cutAll()
    if (this.count === 0) return
    signal.addEventListener('abort', cutAll)
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    signal.removeEventListener('abort', cutAll)
  }

  /** What was extended stands behind what was not: the first that is still ours tells when to look again. */
  #sweep(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const [delivery, until] of this.#until) {
      if (until > now) {
        this.#timer ??= after(until - now, () => this.#sweep())
        return
      }
      this.#landlord.expired(delivery)
    }
  }
}

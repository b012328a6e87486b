import type { NatsDelivery } from './delivery.js'

/** Deliveries that were pulled or lie here, and wait to be settled; each until its lease is over. */
export class Hold {
  bytes = 0
  readonly #until = new Map<NatsDelivery, number>()
  readonly #idle: (() => void)[] = []

  get count(): number {
    return this.#until.size
  }

  /** `until`: on the monotonic clock. */
  add(delivery: NatsDelivery, until: number): void {
    if (!this.#until.delete(delivery)) this.bytes += delivery.body.length
    this.#until.set(delivery, until)
  }

  has(delivery: NatsDelivery): boolean {
    return (this.#until.get(delivery) ?? 0) > performance.now()
  }

  /** True if it was ours until now. */
  release(delivery: NatsDelivery): boolean {
    const until = this.#until.get(delivery)
    if (until === undefined) return false
    this.#until.delete(delivery)
    this.bytes -= delivery.body.length
    if (this.#until.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    return until > performance.now()
  }

  /** Those whose lease is over by now are let go; when the next one's will be. */
  sweep(): number {
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const [delivery, until] of this.#until) {
      if (until <= now) this.release(delivery)
      else next = Math.min(next, until)
    }
    return next
  }

  /** All that is held, held no more. */
  clear(): readonly NatsDelivery[] {
    const all = [...this.#until.keys()]
    for (const one of all) this.release(one)
    return all
  }

  /** Resolves when nothing is held; at the signal's abort what still is goes to `giveBack`. */
  async idle(signal: AbortSignal, giveBack: (rest: readonly NatsDelivery[]) => void): Promise<void> {
    const cut = (): void => giveBack(this.clear())
    if (signal.aborted) cut()
    if (this.count === 0) return
    signal.addEventListener('abort', cut)
    await new Promise<void>((resolve) => this.#idle.push(resolve))
    signal.removeEventListener('abort', cut)
  }
}

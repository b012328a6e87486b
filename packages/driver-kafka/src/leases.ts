import type { KafkaDelivery } from './delivery.js'

/** Longer waits overflow what a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** What is pulled and unsettled, each until its lease is over. Kafka has no leases: this process keeps them. */
export class Leases {
  bytes = 0
  readonly #leaseMs: number
  readonly #until = new Map<KafkaDelivery, number>()
  readonly #expired: (delivery: KafkaDelivery) => void
  #onIdle: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined

  /** `expired`: it is not held any more. */
  constructor(leaseMs: number, expired: (delivery: KafkaDelivery) => void) {
    this.#leaseMs = leaseMs
    this.#expired = expired
  }

  get count(): number {
    return this.#until.size
  }

  add(delivery: KafkaDelivery): void {
    this.bytes += delivery.body.length
    this.#until.set(delivery, performance.now() + this.#leaseMs)
    this.#timer ??= this.#after(this.#leaseMs)
  }

  has(delivery: KafkaDelivery): boolean {
    return (this.#until.get(delivery) ?? 0) > performance.now()
  }

  release(delivery: KafkaDelivery): void {
    if (!this.#until.delete(delivery)) return
    this.bytes -= delivery.body.length
    if (this.#until.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#onIdle()
  }

  clear(): void {
    for (const one of [...this.#until.keys()]) this.release(one)
  }

  /** Resolves when nothing is held; at the signal's abort all is let go. */
  async idle(signal: AbortSignal): Promise<void> {
    const cut = (): void => this.clear()
    if (signal.aborted) cut()
    if (this.count === 0) return
    signal.addEventListener('abort', cut)
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    signal.removeEventListener('abort', cut)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#sweep(), Math.min(Math.max(ms, 1), MAX_TIMER_MS))
  }

  #sweep(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const [delivery, until] of this.#until) {
      if (until > now) {
        this.#timer = this.#after(until - now)
        return
      }
      this.release(delivery)
      this.#expired(delivery)
    }
  }
}

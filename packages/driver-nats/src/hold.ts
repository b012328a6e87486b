import type { NatsDelivery } from './delivery.js'

/** Longer waits overflow what a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Deliveries that wait to be settled, each until its lease is over. */
export class Hold {
  bytes = 0
  readonly #until = new Map<NatsDelivery, number>()
  readonly #onFree: () => void
  #idle: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  /** `onFree`: one less is held. */
  constructor(onFree: () => void) {
    this.#onFree = onFree
  }

  get count(): number {
    return this.#until.size
  }

  /** Holds it, or holds it longer. `until`: on the monotonic clock. */
  add(delivery: NatsDelivery, until: number): void {
    if (!this.#until.delete(delivery)) this.bytes += delivery.body.length
    this.#until.set(delivery, until)
    if (until < Number.POSITIVE_INFINITY) this.#timer ??= this.#after(until - performance.now())
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
    if (this.#until.size === 0) this.#empty()
    this.#onFree()
    return until > performance.now()
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

  #empty(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#sweep(), Math.min(Math.max(ms, 1), MAX_TIMER_MS))
  }

  /** What was extended stands behind what was not: the first that is still ours tells when to look again. */
  #sweep(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const [delivery, until] of this.#until) {
      if (until > now) {
        this.#timer = this.#after(until - now)
        return
      }
      this.release(delivery)
    }
  }
}

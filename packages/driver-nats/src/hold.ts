import type { Msg } from '@nats-io/transport-node'
import type { NatsDelivery, Settlement } from './delivery.js'
import { notHeld } from './errors.js'

/** How deliveries of one reception are settled at the engine. */
export interface Terms {
  /** How long a delivery stays ours without settle or extend, from when it was asked for. */
  readonly leaseMs: number
  /** Resolves when the engine has noted it. Refuses what it cannot say, then calls `release`, then says it. */
  settle(msg: Msg, how: Settlement, release: () => void): Promise<void>
  extend(msg: Msg): Promise<void>
  /** To others, at once. */
  giveBack(msg: Msg): void
  /** Whether what was pulled can be given back as well. */
  readonly takesBack: boolean
}

/** Longer waits overflow what a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Deliveries that are ours until they are settled, each until its lease is over. */
export class Hold {
  bytes = 0
  readonly #terms: Terms
  readonly #until = new Map<NatsDelivery, number>()
  readonly #onFree: () => void
  #onIdle: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined

  /** `onFree`: one less is held. */
  constructor(terms: Terms, onFree: () => void) {
    this.#terms = terms
    this.#onFree = onFree
  }

  get count(): number {
    return this.#until.size
  }

  /** Holds it, or holds it longer. `from`: when it was asked for, on the monotonic clock. */
  add(delivery: NatsDelivery, from: number): void {
    if (!this.#until.delete(delivery)) this.bytes += delivery.body.length
    this.#until.set(delivery, from + this.#terms.leaseMs)
    this.#timer ??= this.#after(from + this.#terms.leaseMs - performance.now())
  }

  has(delivery: NatsDelivery): boolean {
    return (this.#until.get(delivery) ?? 0) > performance.now()
  }

  settle(delivery: NatsDelivery, how: Settlement): Promise<void> {
    return this.#terms.settle(delivery.msg, how, () => {
      const isOurs = this.has(delivery)
      this.release(delivery)
      if (!isOurs) throw notHeld()
    })
  }

  async extend(delivery: NatsDelivery): Promise<void> {
    if (!this.has(delivery)) throw notHeld()
    const from = performance.now()
    await this.#terms.extend(delivery.msg)
    if (this.has(delivery)) this.add(delivery, from)
  }

  giveBack(delivery: NatsDelivery): void {
    this.release(delivery)
    this.#terms.giveBack(delivery.msg)
  }

  /** Holds it no more. */
  release(delivery: NatsDelivery): void {
    if (!this.#until.delete(delivery)) return
    this.bytes -= delivery.body.length
    if (this.#until.size === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#onIdle()
    }
    this.#onFree()
  }

  clear(): void {
    for (const one of [...this.#until.keys()]) this.release(one)
  }

  /** Resolves when nothing is held; at the signal's abort what still is goes back, or is let go. */
  async idle(signal: AbortSignal): Promise<void> {
    const cut = (): void => {
      for (const one of [...this.#until.keys()]) {
        if (this.#terms.takesBack) this.giveBack(one)
        else this.release(one)
      }
    }
    if (signal.aborted) cut()
    if (this.count === 0) return
    signal.addEventListener('abort', cut)
    await new Promise<void>((resolve) => (this.#onIdle = resolve))
    signal.removeEventListener('abort', cut)
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

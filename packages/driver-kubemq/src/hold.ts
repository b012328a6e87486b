import type { KubemqDelivery, Settlement } from './delivery.js'
import { notHeld } from './errors.js'

/** How deliveries of one reception are settled at the server. */
export interface Terms {
  /** How long a delivery stays ours without settle or extend. The server keeps no time of its own: who hangs, holds for ever. */
  readonly leaseMs: number
  /** Resolves when the server has noted it. Refuses what it cannot say, then calls `release`, then says it. */
  settle(delivery: KubemqDelivery, how: Settlement, release: () => void): Promise<void>
  /** Rejects where leases cannot be renewed. */
  assertExtends(): Promise<void>
  /** To others. `expired`: its lease was over. */
  giveBack(delivery: KubemqDelivery, why: 'unused' | 'expired'): void
  /** Whether what was pulled can be given back as well. */
  readonly takesBack: boolean
}

/** Longer waits overflow what a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Deliveries that are ours until they are settled, each until its lease is over. */
export class Hold {
  readonly #terms: Terms
  readonly #until = new Map<KubemqDelivery, number>()
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

  /** Holds it, or holds it longer. */
  add(delivery: KubemqDelivery): void {
    this.#until.delete(delivery)
    this.#until.set(delivery, performance.now() + this.#terms.leaseMs)
    this.#timer ??= this.#after(this.#terms.leaseMs)
  }

  has(delivery: KubemqDelivery): boolean {
    return (this.#until.get(delivery) ?? 0) > performance.now()
  }

  settle(delivery: KubemqDelivery, how: Settlement): Promise<void> {
    return this.#terms.settle(delivery, how, () => {
      // A timer may be late: what is over is over.
      if (!this.has(delivery)) throw notHeld()
      this.#release(delivery)
    })
  }

  async extend(delivery: KubemqDelivery): Promise<void> {
    await this.#terms.assertExtends()
    if (!this.has(delivery)) throw notHeld()
    this.add(delivery)
  }

  giveBack(delivery: KubemqDelivery, why: 'unused' | 'expired'): void {
    if (this.#release(delivery)) this.#terms.giveBack(delivery, why)
  }

  /** Holds nothing of these any more, and says so to nobody. */
  forget(which: (delivery: KubemqDelivery) => boolean = () => true): void {
    for (const one of [...this.#until.keys()]) if (which(one)) this.#release(one)
  }

  /** Resolves when nothing is held; at the signal's abort what still is goes back, or is let go. */
  async idle(signal: AbortSignal): Promise<void> {
    const cut = (): void => {
      if (!this.#terms.takesBack) this.forget()
      for (const one of [...this.#until.keys()]) this.giveBack(one, 'unused')
    }
    if (signal.aborted) cut()
    if (this.count === 0) return
    signal.addEventListener('abort', cut)
    await new Promise<void>((resolve) => (this.#onIdle = resolve))
    signal.removeEventListener('abort', cut)
  }

  #release(delivery: KubemqDelivery): boolean {
    if (!this.#until.delete(delivery)) return false
    if (this.#until.size === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#onIdle()
    }
    this.#onFree()
    return true
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
      this.giveBack(delivery, 'expired')
    }
  }
}

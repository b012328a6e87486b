import type { Batch, Delivery, Flow, MessagingError } from '@spanwire/driver'

/** What happens to a delivery for which there is no room: its site waits, or the oldest one goes. */
export type Beyond = 'wait' | 'drop'

/** What bounds the pulls, where deliveries are settled. */
export interface Limit {
  room(): number
  took(deliveries: readonly Delivery[]): void
}

const NONE: readonly Delivery[] = []

/** What a hop's reception holds for whoever pulls: deliveries of all sites, within the flow that was given. */
export class HopQueue {
  readonly #beyond: Beyond
  readonly #limit: Limit | undefined
  #flow: Flow
  #deliveries: Delivery[] = []
  #lost: Batch['lost']
  /** Said once, behind all that was there before. */
  #caughtUp = false
  #beat = false
  #end: { readonly error?: MessagingError } | undefined
  #wake: (() => void) | undefined
  #room: (() => void)[] = []

  constructor(flow: Flow, beyond: Beyond, limit?: Limit) {
    this.#flow = flow
    this.#beyond = beyond
    this.#limit = limit
  }

  push(delivery: Delivery): void {
    if (this.#end !== undefined) return
    this.#deliveries.push(delivery)
    if (this.#beyond === 'drop' && this.#deliveries.length > this.#flow.messages) {
      this.#deliveries.shift()
      this.lost({ reason: 'slow', count: 1 })
    }
    this.wake()
  }

  lost(lost: NonNullable<Batch['lost']>): void {
    const before = this.#lost === undefined ? 0 : this.#lost.count
    const count = before === undefined || lost.count === undefined ? undefined : before + lost.count
    this.#lost = { reason: lost.reason, ...(count === undefined ? undefined : { count }) }
    this.wake()
  }

  caughtUp(): void {
    this.#caughtUp = true
    this.wake()
  }

  /** A sign of life while nothing comes. */
  beat(): void {
    this.#beat = true
    this.wake()
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#makeRoom()
  }

  /** The next pull at a site waits for it. */
  room(): Promise<void> | undefined {
    if (this.#end !== undefined || this.#beyond === 'drop' || this.#deliveries.length < this.#flow.messages)
      return undefined
    return new Promise((resolve) => this.#room.push(resolve))
  }

  async next(): Promise<Batch | undefined> {
    for (;;) {
      const batch = this.#end === undefined ? this.#take() : undefined
      if (batch !== undefined) return batch
      if (this.#end !== undefined) {
        const { error } = this.#end
        this.#end = {}
        if (error !== undefined) throw error
        return undefined
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Takes no more and gives no more; the result is what nobody pulled. `error`: what the next pull rejects with, once. */
  end(error?: MessagingError): readonly Delivery[] {
    const left = this.#deliveries
    this.#deliveries = []
    this.#end ??= error === undefined ? {} : { error }
    this.wake()
    this.#makeRoom()
    return left
  }

  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #take(): Batch | undefined {
    const deliveries = this.#cut()
    const all = this.#deliveries.length === 0
    if (deliveries.length === 0 && !this.#beat && this.#lost === undefined && !(this.#caughtUp && all)) return undefined
    const batch: Batch = {
      deliveries,
      ...(this.#lost === undefined ? undefined : { lost: this.#lost }),
      ...(this.#caughtUp && all ? { caughtUp: true } : undefined),
    }
    this.#lost = undefined
    if (all) this.#caughtUp = false
    this.#beat = false
    this.#makeRoom()
    return batch
  }

  /** As many as a batch may hold, one at least. */
  #cut(): readonly Delivery[] {
    if (this.#deliveries.length === 0) return NONE
    const { bytes, messages } = this.#flow
    const most = Math.min(this.#limit?.room() ?? messages, messages, this.#deliveries.length)
    let size = 0
    let count = 0
    while (count < most) {
      size += this.#deliveries[count]?.body.length ?? 0
      if (count > 0 && size > bytes) break
      count += 1
    }
    if (count === 0) return NONE
    const deliveries = this.#deliveries.splice(0, count)
    this.#limit?.took(deliveries)
    return deliveries
  }

  #makeRoom(): void {
    for (const resolve of this.#room.splice(0)) resolve()
  }
}

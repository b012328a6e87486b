import type { Batch, Delivery, Flow } from '@spanwire/driver'

/** What a hop's reception holds for whoever pulls: deliveries of all sites, within the flow that was given. */
export class HopQueue {
  #deliveries: Delivery[] = []
  #lost: Batch['lost']
  #caughtUp = false
  #wake: (() => void) | undefined
  #room: (() => void)[] = []
  #ended = false
  #flow: Flow

  constructor(flow: Flow) {
    this.#flow = flow
  }

  push(delivery: Delivery): void {
    this.#deliveries.push(delivery)
    this.#stir()
  }

  lost(lost: NonNullable<Batch['lost']>): void {
    const count = lost.count === undefined ? undefined : lost.count + (this.#lost?.count ?? 0)
    this.#lost = { reason: lost.reason, ...(count === undefined ? undefined : { count }) }
    this.#stir()
  }

  caughtUp(): void {
    this.#caughtUp = true
    this.#stir()
  }

  adjust(flow: Flow): void {
    this.#flow = flow
  }

  /** The next pull at a site waits for it. */
  room(): Promise<void> | undefined {
    if (this.#ended || this.#deliveries.length < this.#flow.messages) return undefined
    return new Promise((resolve) => this.#room.push(resolve))
  }

  async next(): Promise<Batch | undefined> {
    while (this.#deliveries.length === 0 && this.#lost === undefined && !this.#caughtUp) {
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#ended) return undefined
    const batch: Batch = {
      deliveries: this.#deliveries,
      ...(this.#lost === undefined ? undefined : { lost: this.#lost }),
      ...(this.#caughtUp ? { caughtUp: true } : undefined),
    }
    this.#deliveries = []
    this.#lost = undefined
    this.#caughtUp = false
    for (const resolve of this.#room.splice(0)) resolve()
    return batch
  }

  end(): void {
    this.#ended = true
    this.#deliveries = []
    this.#stir()
    for (const resolve of this.#room.splice(0)) resolve()
  }

  #stir(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

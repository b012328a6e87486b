import type { Batch, Flow, MessagingError } from '@spanwire/driver'
import type { NatsDelivery } from './delivery.js'

type Lost = NonNullable<Batch['lost']>

/** What has arrived and is not pulled yet, and the one who waits for it. */
export class Shelf {
  count = 0
  bytes = 0
  #items: NatsDelivery[] = []
  #from = 0
  #lost: Lost | undefined
  #caughtUp = false
  #state: 'live' | 'ended' | { readonly failed: MessagingError } = 'live'
  #waiting: ((batch: Batch | undefined | Promise<never>) => void) | undefined
  #due = false
  readonly #room: () => Flow
  readonly #onPull: () => void

  /** `room`: how much may be pulled now. `onPull`: something was taken away, or is waited for. */
  constructor(room: () => Flow, onPull: () => void = () => undefined) {
    this.#room = room
    this.#onPull = onPull
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  /** Somebody waits, and there is nothing. */
  get isAwaited(): boolean {
    return this.#waiting !== undefined
  }

  next(): Promise<Batch | undefined> {
    const batch = this.#take()
    if (batch) return Promise.resolve(batch)
    const state = this.#state
    if (state !== 'live') {
      this.#state = 'ended'
      return state === 'ended' ? Promise.resolve(undefined) : Promise.reject(state.failed)
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#onPull()
    })
  }

  put(delivery: NatsDelivery): void {
    this.#items.push(delivery)
    this.count += 1
    this.bytes += delivery.body.length
    this.wake()
  }

  /** Holds more than that, and more than one. */
  isOver({ messages, bytes }: Flow): boolean {
    return this.count > 1 && (this.count > messages || this.bytes > bytes)
  }

  /** Takes the oldest away, which nobody will get. */
  drop(): void {
    const oldest = this.#items[this.#from]
    if (!oldest) return
    this.#from += 1
    this.count -= 1
    this.bytes -= oldest.body.length
    this.lose('slow', 1)
    if (this.#from > 1_024 && this.#from * 2 > this.#items.length) this.#items = this.#rest()
  }

  lose(reason: Lost['reason'], count?: number): void {
    const before = this.#lost
    const sum = before ? (before.count ?? Number.NaN) + (count ?? Number.NaN) : count
    this.#lost = { reason: before?.reason ?? reason, ...(sum && { count: sum }) }
    this.wake()
  }

  /** All that was stored when we attached is here. */
  caughtUp(): void {
    this.#caughtUp = true
    this.wake()
  }

  /** A sign of life. */
  beat(): void {
    if (this.#waiting && !this.#due) this.#answer({ deliveries: [] })
  }

  /** No more will come; what is unpulled is given back to the caller. */
  end(error?: MessagingError): readonly NatsDelivery[] {
    if (this.#state !== 'live') return []
    const rest = this.#rest()
    this.#items = []
    this.#from = 0
    this.count = 0
    this.bytes = 0
    this.#lost = undefined
    this.#caughtUp = false
    this.#state = error && !this.#waiting ? { failed: error } : 'ended'
    if (this.#waiting) this.#answer(error ? Promise.reject(error) : undefined)
    return rest
  }

  /** There may be something to pull. What one chunk of the socket held goes out as one batch. */
  wake(): void {
    if (!this.#waiting || this.#due) return
    this.#due = true
    queueMicrotask(() => {
      this.#due = false
      const batch = this.#waiting && this.#take()
      if (batch) this.#answer(batch)
    })
  }

  #answer(batch: Batch | undefined | Promise<never>): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(batch)
  }

  #take(): Batch | undefined {
    if (this.count === 0 && !this.#lost && !this.#caughtUp) return undefined
    const deliveries = this.count === 0 ? [] : this.#portion()
    if (deliveries.length === 0 && this.count > 0) return undefined
    const lost = this.#lost
    const caughtUp = this.#caughtUp && this.count === 0
    this.#lost = undefined
    if (caughtUp) this.#caughtUp = false
    if (deliveries.length > 0) this.#onPull()
    return { deliveries, ...(lost && { lost }), ...(caughtUp && { caughtUp }) }
  }

  /** As much as one batch may hold. */
  #portion(): readonly NatsDelivery[] {
    const all = this.#rest()
    this.#from = 0
    const { messages, bytes } = this.#room()
    if (all.length <= messages && this.bytes <= bytes) {
      this.#items = []
      this.count = 0
      this.bytes = 0
      return all
    }
    let end = 0
    let size = 0
    while (end < all.length && end < messages) {
      size += all[end]?.body.length ?? 0
      if (end > 0 && size > bytes) break
      end += 1
    }
    const portion = all.slice(0, end)
    this.#items = all.slice(end)
    this.count = this.#items.length
    for (const { body } of portion) this.bytes -= body.length
    return portion
  }

  #rest(): NatsDelivery[] {
    const rest = this.#from === 0 ? this.#items : this.#items.slice(this.#from)
    this.#from = 0
    return rest
  }
}

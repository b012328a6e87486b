import type { Batch, Flow, MessagingError } from '@spanwire/driver'
import type { NatsDelivery } from './delivery.js'
import { Pile } from './pile.js'

type News = Pick<Batch, 'lost' | 'caughtUp'>

/** What has arrived and is not pulled yet, and the one who waits for it. */
export class Shelf {
  readonly pile: Pile = new Pile()
  #news: News = {}
  #state: 'live' | 'ended' | { readonly failed: MessagingError } = 'live'
  #waiting: ((batch: Batch | undefined | Promise<never>) => void) | undefined
  #isDue = false
  readonly #room: () => number
  readonly #onPull: () => void

  /** `room`: how many may be pulled now. `onPull`: some were. */
  constructor(room: () => number, onPull: () => void) {
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

  /** One pull, as of a reception. */
  next(): Promise<Batch | undefined> {
    const batch = this.#batch()
    if (batch) return Promise.resolve(batch)
    const state = this.#state
    if (state === 'live') {
      return new Promise((resolve) => {
        this.#waiting = resolve
      })
    }
    this.#state = 'ended'
    return state === 'ended' ? Promise.resolve(undefined) : Promise.reject(state.failed)
  }

  put(delivery: NatsDelivery): void {
    this.pile.put(delivery)
    this.wake()
  }

  /** Takes the oldest away, which nobody will get, if more wait than that, and more than one. */
  drop({ messages, bytes }: Flow): NatsDelivery | undefined {
    const { pile } = this
    if (pile.count <= 1 || (pile.count <= messages && pile.bytes <= bytes)) return undefined
    const [oldest] = pile.take(1)
    this.tell({ lost: { reason: 'slow', count: 1 } })
    return oldest
  }

  /** Goes with the next batch: what was lost before it; or, with the last that is here, that all is here that was stored. */
  tell(news: News): void {
    const before = this.#news.lost
    const { lost = before } = news
    const count = before && news.lost ? (before.count ?? Number.NaN) + (news.lost.count ?? Number.NaN) : lost?.count
    const sum = lost && { lost: { reason: before?.reason ?? lost.reason, ...(count && { count }) } }
    this.#news = { ...this.#news, ...news, ...sum }
    this.wake()
  }

  /** A sign of life. */
  beat(): void {
    if (!this.#isDue) this.#answer({ deliveries: [] })
  }

  /** There may be something to pull. What one chunk of the socket held goes out as one batch. */
  wake(): void {
    if (!this.#waiting || this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      const batch = this.#waiting && this.#batch()
      if (batch) this.#answer(batch)
    })
  }

  /** No more will come; what is unpulled is given back to the caller. */
  end(error?: MessagingError): readonly NatsDelivery[] {
    if (this.#state !== 'live') return []
    this.#news = {}
    this.#state = error && !this.#waiting ? { failed: error } : 'ended'
    this.#answer(error && this.#waiting ? Promise.reject(error) : undefined)
    return this.pile.take(this.pile.count)
  }

  #answer(batch: Batch | undefined | Promise<never>): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(batch)
  }

  #batch(): Batch | undefined {
    const { lost, caughtUp } = this.#news
    const count = Math.min(this.pile.count, Math.max(0, this.#room()))
    const isLast = caughtUp && this.pile.count === count
    if (count === 0 && !lost && !isLast) return undefined
    const deliveries = this.pile.take(count)
    this.#news = caughtUp && !isLast ? { caughtUp } : {}
    if (count > 0) this.#onPull()
    return { deliveries, ...(lost && { lost }), ...(isLast && { caughtUp }) }
  }
}

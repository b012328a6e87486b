import type { Batch, Delivery, MessagingError } from '@spanwire/driver'
import { Pile } from './pile.js'

type News = Pick<Batch, 'lost' | 'caughtUp'>

/** What may be pulled now. */
export interface Room {
  readonly messages: number
  readonly bytes: number
}

/** What has arrived and is not pulled yet, and the one who waits for it. */
export class Shelf<D extends Delivery> {
  readonly pile: Pile<D> = new Pile()
  #news: News = {}
  #state: 'live' | 'ended' | { readonly failed: MessagingError } = 'live'
  #waiting: ((batch: Batch | undefined | Promise<never>) => void) | undefined
  #isDue = false
  readonly #room: () => Room
  readonly #pulled: (some: readonly D[]) => void

  /** `pulled`: these were, in this turn. */
  constructor(room: () => Room, pulled: (some: readonly D[]) => void) {
    this.#room = room
    this.#pulled = pulled
  }

  get isLive(): boolean {
    return this.#state === 'live'
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

  put(delivery: D): void {
    this.pile.put(delivery)
    this.wake()
  }

  /** What is not ours any more is not given. */
  purge(keeps: (delivery: D) => boolean): void {
    for (const one of this.pile.take(this.pile.count)) if (keeps(one)) this.pile.put(one)
  }

  /** Goes with the next batch: what was lost before it; or, with the last that is here, that all is here that was stored. */
  tell({ lost, caughtUp }: News): void {
    const before = this.#news.lost
    const count = before && lost ? (before.count ?? Number.NaN) + (lost.count ?? Number.NaN) : lost?.count
    const sum = lost && { lost: { reason: before?.reason ?? lost.reason, ...(count && { count }) } }
    this.#news = { ...this.#news, ...(caughtUp && { caughtUp }), ...sum }
    this.wake()
  }

  /** A sign of life. */
  beat(): void {
    if (!this.#isDue) this.#answer({ deliveries: [] })
  }

  /** There may be something to pull. What one turn brought goes out as one batch. */
  wake(): void {
    if (!this.#waiting || this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      const batch = this.#waiting && this.#batch()
      if (batch) this.#answer(batch)
    })
  }

  /** No more will come. */
  end(error?: MessagingError): void {
    if (this.#state !== 'live') return
    this.#news = {}
    this.#state = error && !this.#waiting ? { failed: error } : 'ended'
    this.pile.take(this.pile.count)
    this.#answer(error && this.#waiting ? Promise.reject(error) : undefined)
  }

  #answer(batch: Batch | undefined | Promise<never>): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(batch)
  }

  #batch(): Batch | undefined {
    const { lost, caughtUp } = this.#news
    const { messages, bytes } = this.#room()
    const deliveries = messages > 0 ? this.pile.take(messages, bytes) : []
    const isLast = caughtUp && this.pile.count === 0
    if (deliveries.length === 0 && !lost && !isLast) return undefined
    this.#news = caughtUp && !isLast ? { caughtUp } : {}
    if (deliveries.length > 0) this.#pulled(deliveries)
    return { deliveries, ...(lost && { lost }), ...(isLast && { caughtUp }) }
  }
}

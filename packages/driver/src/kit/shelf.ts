import type { Batch, Delivery, Flow, MessagingError } from '@spanwire/driver'
import { Pile } from './pile.js'

type News = Pick<Batch, 'lost' | 'caughtUp'>
type Lost = NonNullable<Batch['lost']>

/** Calls back later in this turn or at its end, once. */
export type Soon = (wake: () => void) => void

/** What has arrived and is not pulled yet, and the one who waits for it. */
export class Shelf<D extends Delivery> {
  readonly pile: Pile<D> = new Pile()
  #news: News = {}
  #state: 'live' | 'ended' | { readonly failed: MessagingError } = 'live'
  #waiting: ((batch: Batch | undefined | Promise<never>) => void) | undefined
  #isDue = false
  readonly #room: () => Flow
  readonly #pulled: (some: readonly D[]) => void
  readonly #soon: Soon

  /** `room`: how much may be pulled now; without messages nothing, else at least one. `pulled`: these were, in this turn. `soon`: calls back when all that comes together has come. */
  constructor(room: () => Flow, pulled: (some: readonly D[]) => void, soon: Soon = (wake) => queueMicrotask(wake)) {
    this.#room = room
    this.#pulled = pulled
    this.#soon = soon
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

  put(delivery: D): void {
    this.pile.put(delivery)
    this.wake()
  }

  /** Takes the oldest away, which nobody will get, if more wait than that, and more than one. */
  drop({ messages, bytes }: Flow): D | undefined {
    const { pile } = this
    if (pile.count <= 1 || (pile.count <= messages && pile.bytes <= bytes)) return undefined
    const [oldest] = pile.take(1)
    this.tell({ lost: { reason: 'slow', count: 1 } })
    return oldest
  }

  /** What is not ours any more is not given. */
  purge(keeps: (delivery: D) => boolean): void {
    for (const one of this.pile.take(this.pile.count)) if (keeps(one)) this.pile.put(one)
  }

  /** Goes with the next batch: what was lost before it; or, with the last that is here, that all is here that was stored. */
  tell({ lost, caughtUp }: News): void {
    this.#news = {
      ...this.#news,
      ...(caughtUp && { caughtUp }),
      ...(lost && { lost: together(this.#news.lost, lost) }),
    }
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
    this.#soon(() => {
      this.#isDue = false
      const batch = this.#waiting && this.#batch()
      if (batch) this.#answer(batch)
    })
  }

  /** No more will come; what is unpulled is given back to the caller. `error`: what the next pull rejects with, once. */
  end(error?: MessagingError): readonly D[] {
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
    const { messages, bytes } = this.#room()
    const deliveries = this.pile.take(messages, bytes)
    const isLast = caughtUp && this.pile.count === 0
    if (deliveries.length === 0 && !lost && !isLast) return undefined
    this.#news = caughtUp && !isLast ? { caughtUp } : {}
    if (deliveries.length > 0) this.#pulled(deliveries)
    return { deliveries, ...(lost && { lost }), ...(isLast && { caughtUp }) }
  }
}

/** Without a count nobody knows how many. */
function together(before: Lost | undefined, { reason, count }: Lost): Lost {
  const sum = before ? (before.count ?? Number.NaN) + (count ?? Number.NaN) : count
  return { reason: before?.reason ?? reason, ...(sum && { count: sum }) }
}

import type { Batch, Flow, MessagingError } from '@spanwire/driver'
import type { KubemqDelivery } from './delivery.js'

type Lost = NonNullable<Batch['lost']>

/** From so many on, what was taken is cut off the list. */
const MIN_CUT = 1_024

/** What has arrived and is not pulled yet, in the order of its arrival, and the one who waits for it. */
export class Shelf {
  /** Of the bodies that lie here. */
  bytes = 0
  #items: KubemqDelivery[] = []
  #from = 0
  #lost: Lost | undefined
  #state: 'live' | 'ended' | { readonly failed: MessagingError } = 'live'
  #waiting: ((batch: Batch | undefined | Promise<never>) => void) | undefined
  #isDue = false
  readonly #room: () => Flow
  readonly #onPull: () => void

  /** `room`: how much may be pulled at once. `onPull`: some was. */
  constructor(room: () => Flow, onPull: () => void) {
    this.#room = room
    this.#onPull = onPull
  }

  get count(): number {
    return this.#items.length - this.#from
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

  put(delivery: KubemqDelivery): void {
    this.#items.push(delivery)
    this.bytes += delivery.body.length
    this.wake()
  }

  /** Takes the oldest away, which nobody will get, if more wait than that, and more than one. */
  drop({ messages, bytes }: Flow): KubemqDelivery | undefined {
    if (this.count <= 1 || (this.count <= messages && this.bytes <= bytes)) return undefined
    const [oldest] = this.#take(1)
    this.tell({ reason: 'slow', count: 1 })
    return oldest
  }

  /** Goes with the next batch: what was lost before it. Without a count nobody knows how many. */
  tell(lost: Lost): void {
    const { count } = this.#lost ?? { count: 0 }
    const sum = count === undefined || lost.count === undefined ? undefined : count + lost.count
    this.#lost = { reason: this.#lost?.reason ?? lost.reason, ...(sum !== undefined && { count: sum }) }
    this.wake()
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

  /** What lies here is nobody's any more. */
  clear(): void {
    this.#take(this.count)
  }

  /** No more will come; what is unpulled is given back to the caller. */
  end(error?: MessagingError): readonly KubemqDelivery[] {
    if (this.#state !== 'live') return []
    this.#lost = undefined
    this.#state = error && !this.#waiting ? { failed: error } : 'ended'
    this.#answer(error && this.#waiting ? Promise.reject(error) : undefined)
    return this.#take(this.count)
  }

  #answer(batch: Batch | undefined | Promise<never>): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(batch)
  }

  #batch(): Batch | undefined {
    const lost = this.#lost
    const count = this.#fitting()
    if (count === 0 && !lost) return undefined
    const deliveries = this.#take(count)
    this.#lost = undefined
    if (count > 0) this.#onPull()
    return { deliveries, ...(lost && { lost }) }
  }

  /** So many fit: at least one, however large, if any may be pulled. */
  #fitting(): number {
    const { messages, bytes } = this.#room()
    const most = Math.min(this.count, messages)
    if (most <= 1 || this.bytes <= bytes) return Math.max(0, most)
    let size = 0
    for (let count = 0; count < most; count++) {
      size += this.#items[this.#from + count]?.body.length ?? 0
      if (size > bytes) return Math.max(1, count)
    }
    return most
  }

  #take(count: number): readonly KubemqDelivery[] {
    const all = this.#items
    if (count === all.length) {
      this.#items = []
      this.bytes = 0
      return all
    }
    const taken = all.slice(this.#from, this.#from + count)
    for (const { body } of taken) this.bytes -= body.length
    this.#from += count
    if (this.count === 0 || (this.#from > MIN_CUT && this.#from * 2 > all.length)) {
      this.#items = all.slice(this.#from)
      this.#from = 0
    }
    return taken
  }
}

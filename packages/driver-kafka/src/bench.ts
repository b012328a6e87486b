import type { Flow } from '@spanwire/driver'
import { Leases, type Settlement, Shelf } from '@spanwire/driver/kit'
import { KafkaDelivery, type Keeper, type Run } from './delivery.js'
import { incapable, notHeld } from './errors.js'
import { type Holder, Holdings } from './holdings.js'
import type { Opened } from './opened.js'
import type { KafkaRecord } from './port/reading.js'
import { Turns } from './turns.js'
import type { Window } from './window.js'

/** How deliveries of a reception are shared and settled. */
export interface Terms {
  /** How long a pulled delivery stays ours, in ms. */
  readonly leaseMs: number
  /** Those that nobody wants are passed over. */
  readonly passes: ((path: string) => boolean) | undefined
  /** No two of a key are given out at the same time. */
  readonly keyed: boolean
  /** Settles by an answer; what is pulled counts as done then, as nobody else may run it. Absent: settled by a commit. */
  answer?(delivery: KafkaDelivery, how: Settlement): Promise<void>
}

/** What of our share of a group is here: read and not pulled, waiting for its turn, or pulled and not settled. */
export class Bench implements Keeper, Holder {
  flow: Flow
  readonly shelf: Shelf<KafkaDelivery>
  readonly leases: Leases<KafkaDelivery>
  readonly holdings: Holdings
  readonly #channel: string
  readonly #terms: Terms
  readonly #turns: Turns = new Turns()
  readonly #roomy: () => void

  /** `roomy`: there may be room for more. */
  constructor({ spec, settings }: Opened, terms: Terms, flow: Flow, roomy: () => void) {
    this.flow = flow
    this.#channel = spec.name
    this.#terms = terms
    this.#roomy = roomy
    this.holdings = new Holdings(spec.name, settings.times.answerMs, this)
    this.leases = new Leases(terms.leaseMs, { expired: (delivery) => this.#again(delivery) })
    this.shelf = new Shelf(
      () => this.#room(),
      (some) => this.#pulled(some),
    )
  }

  /** As much as one flow lies here unpulled: no more is to be asked for. */
  get isLaden(): boolean {
    const { count, bytes } = this.shelf.pile
    return count + this.#turns.waiting >= this.flow.messages || bytes >= this.flow.bytes
  }

  /** It was read and is nobody's yet. */
  put(window: Window, run: Run, record: KafkaRecord, path: string): void {
    const delivery = new KafkaDelivery(run, record, path, window.wasGiven(record.offset) ? 2 : 1)
    window.add(delivery)
    if (!this.#terms.keyed || this.#turns.admit(delivery)) this.shelf.put(delivery)
  }

  has(delivery: KafkaDelivery): boolean {
    return this.leases.has(delivery)
  }

  settle(delivery: KafkaDelivery, how: Settlement): Promise<void> {
    const { answer } = this.#terms
    if (how !== 'ack' && 'retryMs' in how) {
      return Promise.reject(incapable(this.#channel, 'give a message again later'))
    }
    if (how !== 'ack' && !answer) return Promise.reject(incapable(this.#channel, 'take an answer'))
    if (!this.has(delivery)) return Promise.reject(notHeld())
    this.leases.release(delivery)
    const settled = answer ? answer(delivery, how) : this.#ack(delivery)
    this.divided()
    return settled
  }

  extend(delivery: KafkaDelivery): Promise<void> {
    return Promise.reject(this.has(delivery) ? incapable(this.#channel, 'extend a lease') : notHeld())
  }

  dropped(unsettled: readonly KafkaDelivery[]): void {
    const gone = new Set(unsettled)
    for (const delivery of gone) this.leases.release(delivery)
    this.#turns.drop(gone)
    this.shelf.purge((delivery) => !gone.has(delivery))
    this.#roomy()
  }

  divided(): void {
    this.shelf.wake()
    this.#roomy()
  }

  #room(): Flow {
    const { messages, bytes } = this.flow
    const { count, bytes: held } = this.leases
    if (this.holdings.isBetween || (count > 0 && held >= bytes)) return { messages: 0, bytes: 0 }
    return { messages: Math.max(1, messages) - count, bytes: bytes - held }
  }

  #pulled(some: readonly KafkaDelivery[]): void {
    for (const delivery of some) {
      const window = this.holdings.windowOf(delivery.run.partition)
      this.leases.add(delivery)
      window?.pulled(delivery)
      if (!this.#terms.answer || window === undefined) continue
      window.done(delivery)
      this.holdings.commits.commit(window).catch(() => undefined)
    }
    this.#roomy()
  }

  #ack(delivery: KafkaDelivery): Promise<void> {
    const window = this.holdings.windowOf(delivery.run.partition)
    if (!window?.has(delivery)) return Promise.reject(notHeld())
    window.done(delivery)
    const next = this.#terms.keyed ? this.#turns.leave(delivery) : undefined
    if (next && this.shelf.isLive) this.shelf.put(next)
    this.holdings.balance(this.#channel, window)
    return this.holdings.commits.commit(window)
  }

  /** Its lease is over: it is given out once more, to whoever pulls here, or after our stop to another member. */
  #again(delivery: KafkaDelivery): void {
    this.leases.release(delivery)
    const window = this.holdings.windowOf(delivery.run.partition)
    if (!window?.has(delivery) || !this.shelf.isLive) return
    const { run, record, path, attempt } = delivery
    const again = new KafkaDelivery(run, record, path, attempt + 1)
    window.add(again)
    this.shelf.put(again)
  }
}

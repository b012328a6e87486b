import type { Batch, Flow, MessagingError, Reception } from '@spanwire/driver'
import { KubemqDelivery, type Origin, type Received } from './delivery.js'
import { Hold, type Terms } from './hold.js'
import { Shelf } from './shelf.js'
import type { Member, Wire } from './wire.js'

/** Where the messages of a reception come from. */
export interface Feed {
  /** There may be room for more, or less. */
  refill(): void
  /** Asks for no more. Resolves when nothing more can come to us, soon in any case. */
  leave(signal: AbortSignal): Promise<void>
}

export interface ReceptionOptions {
  readonly flow: Flow
  /** Of the log that it reads; absent: it has no positions. */
  readonly epoch?: string
  /** Absent: nothing is to be settled. */
  readonly terms?: Terms
}

/** A source of deliveries: what has arrived, what is unsettled, and the feed that both come from. */
export class KubemqReception implements Reception, Member {
  readonly shelf: Shelf
  /** Absent: nothing is to be settled. */
  readonly hold: Hold | undefined
  flow: Flow
  readonly #wire: Wire
  readonly #origin: Origin
  #feed: Feed | undefined

  constructor(wire: Wire, { flow, epoch, terms }: ReceptionOptions) {
    this.#wire = wire
    this.flow = flow
    this.hold = terms && new Hold(terms, () => this.#refill())
    this.#origin = { epoch, hold: this.hold }
    this.shelf = new Shelf(
      () => this.#pullable(),
      () => this.#feed?.refill(),
    )
  }

  /** From now on it hears of the link's end, and tells the feed when there is room. */
  begin(feed: Feed): this {
    this.#feed = feed
    this.#wire.members.add(this)
    return this
  }

  next(): Promise<Batch | undefined> {
    return this.shelf.next()
  }

  adjust(flow: Flow): void {
    this.flow = flow
    this.#refill()
  }

  async leave(signal: AbortSignal): Promise<void> {
    await this.stop(AbortSignal.abort())
    await this.#feed?.leave(signal)
  }

  async stop(signal: AbortSignal): Promise<void> {
    const left = this.#feed?.leave(signal)
    for (const one of this.shelf.end()) this.hold?.giveBack(one, 'unused')
    await this.hold?.idle(signal)
    await left
    this.#wire.members.delete(this)
  }

  /** The link is over. */
  end(): void {
    this.shelf.end()
    this.hold?.forget()
    void this.#feed?.leave(AbortSignal.abort())
  }

  /** This source is over, and the link lives. */
  fail(error: MessagingError): void {
    const unpulled = this.shelf.end(error)
    for (const one of unpulled) this.hold?.giveBack(one, 'unused')
    void this.stop(AbortSignal.abort())
  }

  /** A message has come. */
  take(received: Received): void {
    const delivery = new KubemqDelivery(this.#origin, received)
    this.hold?.add(delivery)
    if (this.shelf.isLive) this.shelf.put(delivery)
    else this.hold?.giveBack(delivery, 'unused')
  }

  /** Lets go of the oldest while more wait than that. */
  trim(most: Flow): void {
    for (let one = this.shelf.drop(most); one; one = this.shelf.drop(most)) this.hold?.forget((other) => other === one)
  }

  /** So many more may come, by count and bytes. */
  get room(): Flow {
    const held = this.hold?.count ?? this.shelf.count
    return { messages: Math.max(1, this.flow.messages) - held, bytes: this.flow.bytes - this.shelf.bytes }
  }

  #pullable(): Flow {
    const pulled = this.hold ? this.hold.count - this.shelf.count : 0
    return { messages: Math.max(1, this.flow.messages) - pulled, bytes: this.flow.bytes }
  }

  #refill(): void {
    this.shelf.wake()
    this.#feed?.refill()
  }
}

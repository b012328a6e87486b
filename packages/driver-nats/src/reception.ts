import type { Msg } from '@nats-io/transport-node'
import type { Batch, ChannelSpec, Flow, MessagingError, Reception } from '@spanwire/driver'
import type { AckInfo } from './ack.js'
import { NatsDelivery, type Origin } from './delivery.js'
import { Hold, type Terms } from './hold.js'
import { Shelf } from './shelf.js'
import type { Member, Wire } from './wire.js'

/** Where the messages of a reception come from. */
export interface Feed {
  /** There may be room for more, or less. */
  refill(): void
  /** Asks for no more, in this turn if the signal has aborted. Resolves when what was on its way is here, soon in any case. */
  leave(signal: AbortSignal): Promise<void>
}

export interface ReceptionOptions {
  readonly spec: ChannelSpec
  readonly flow: Flow
  /** Of the log that it reads; absent: it has no positions. */
  readonly epoch?: string | undefined
  /** Absent: nothing is to be settled. */
  readonly terms?: Terms
  readonly beatMs?: number
}

/** A source of deliveries: what has arrived, what is unsettled, and the feed that both come from. */
export class NatsReception implements Reception, Member {
  readonly beatMs?: number
  readonly shelf: Shelf
  /** Absent: nothing is to be settled. */
  readonly hold: Hold | undefined
  flow: Flow
  readonly #wire: Wire
  readonly #origin: Origin
  #feed: Feed | undefined
  /** What is here and nobody will pull, until the feed has left. */
  readonly #late: NatsDelivery[] = []
  #hasLeft = false

  constructor(wire: Wire, { spec, flow, epoch, terms, beatMs }: ReceptionOptions) {
    this.#wire = wire
    this.flow = flow
    if (beatMs !== undefined) this.beatMs = beatMs
    this.hold = terms && new Hold(terms, () => this.#refill())
    this.#origin = { prefix: spec.name.length + 1, epoch, hold: this.hold }
    this.shelf = new Shelf(
      () => Math.max(1, this.flow.messages) - (this.hold ? this.hold.count - this.shelf.pile.count : 0),
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

  leave(): void {
    void this.stop(AbortSignal.abort())
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#late.push(...this.shelf.end())
    const left = this.#feed?.leave(signal)
    // While we are still given something, what we give back would come to us again.
    if (!signal.aborted) await left
    this.#hasLeft = true
    for (const one of this.#late.splice(0)) this.hold?.giveBack(one)
    await this.hold?.idle(signal)
    await left
    this.#wire.members.delete(this)
  }

  /** The link is over. */
  end(): void {
    this.shelf.end()
    this.hold?.clear()
    void this.#feed?.leave(AbortSignal.abort())
  }

  /** This source is over, and the link lives. */
  fail(error: MessagingError): void {
    this.shelf.end(error)
    this.leave()
  }

  /** A message has come. `askedAt`: when, on the monotonic clock; a lease counts from there. */
  take(msg: Msg, ack?: AckInfo, askedAt: number = performance.now()): void {
    const delivery = new NatsDelivery(this.#origin, msg, ack)
    if (this.#hasLeft) {
      this.hold?.giveBack(delivery)
      return
    }
    this.hold?.add(delivery, askedAt)
    if (this.shelf.isLive) this.shelf.put(delivery)
    else if (this.hold) this.#late.push(delivery)
  }

  /** Lets go of the oldest while more wait than that. */
  trim(most: Flow): void {
    for (let one = this.shelf.drop(most); one; one = this.shelf.drop(most)) this.hold?.release(one)
  }

  #refill(): void {
    this.shelf.wake()
    this.#feed?.refill()
  }
}

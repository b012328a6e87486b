import type { Batch, Delivery, Flow, MessagingError, Reception } from '@spanwire/driver'
import { Hold, type Terms } from './hold.js'
import type { Member } from './member.js'
import { Shelf, type Soon } from './shelf.js'

/** Where the deliveries of a reception come from. */
export interface Feed {
  /** There may be room for more, or less. */
  refill(): void
  /** Asks for no more, in this turn if the signal has aborted. Resolves when nothing more can come to us, soon in any case. */
  leave(signal: AbortSignal): Promise<void>
}

export interface IntakeOptions<D extends Delivery, O> {
  readonly flow: Flow
  /** Absent: nothing is to be settled. */
  readonly terms?: Terms<D> | undefined
  readonly beatMs?: number | undefined
  /** When what has come is given to who waits: as of `Shelf`. */
  readonly soon?: Soon | undefined
  /** When what nobody will pull goes back: `late`, after the feed has left, where the engine might give it to us once more. */
  readonly givesBack: 'at-once' | 'late'
  /** Those of its link. */
  readonly members: Pick<Set<Member>, 'add' | 'delete'>
  /** What all its deliveries have in common. */
  origin(hold: Hold<D> | undefined): O
}

/** A reception over one feed: what has arrived and is not pulled, and what is unsettled. It holds no more than its feed, or `trim`, lets it. */
export class Intake<D extends Delivery, O> implements Reception, Member {
  readonly beatMs?: number
  readonly origin: O
  readonly shelf: Shelf<D>
  /** Absent: nothing is to be settled. */
  readonly hold: Hold<D> | undefined
  flow: Flow
  readonly #members: IntakeOptions<D, O>['members']
  #feed: Feed | undefined
  /** What is here and nobody will pull, until it goes back. */
  readonly #late: D[] = []
  #keepsLate: boolean

  constructor({ flow, terms, beatMs, givesBack, members, soon, origin }: IntakeOptions<D, O>) {
    this.flow = flow
    if (beatMs !== undefined) this.beatMs = beatMs
    this.#members = members
    this.#keepsLate = givesBack === 'late'
    this.hold = terms && new Hold(terms, () => this.#refill())
    this.origin = origin(this.hold)
    this.shelf = new Shelf(
      () => this.#pullable(),
      () => this.#feed?.refill(),
      soon,
    )
  }

  /** From now on it hears of the link's end, and tells the feed when there is room. */
  begin(feed: Feed): this {
    this.#feed = feed
    this.#members.add(this)
    return this
  }

  next(): Promise<Batch | undefined> {
    return this.shelf.next()
  }

  adjust(flow: Flow): void {
    this.flow = flow
    this.#refill()
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#stop(signal, signal)
  }

  /** As `stop`, but all goes back at once; the signal is the feed's. */
  leave(signal: AbortSignal): Promise<void> {
    return this.#stop(AbortSignal.abort(), signal)
  }

  /** The link is over. */
  end(): void {
    this.shelf.end()
    this.hold?.clear()
    void this.#feed?.leave(AbortSignal.abort())
  }

  /** This source is over, and the link lives. */
  fail(error: MessagingError): void {
    this.#late.push(...this.shelf.end(error))
    void this.stop(AbortSignal.abort())
  }

  /** It has come. `from`: when it was asked for, on the monotonic clock; a lease counts from there. Absent: now. */
  take(delivery: D, from?: number): void {
    this.hold?.add(delivery, from)
    if (this.shelf.isLive) this.shelf.put(delivery)
    else if (this.#keepsLate && this.hold) this.#late.push(delivery)
    else this.hold?.giveBack(delivery, 'unused')
  }

  /** Lets go of the oldest while more wait than that. */
  trim(most: Flow): void {
    for (let one = this.shelf.drop(most); one; one = this.shelf.drop(most)) this.hold?.release(one)
  }

  /** So many more may come, by count and bytes. */
  get room(): Flow {
    const { pile } = this.shelf
    const held = this.hold?.count ?? pile.count
    return { messages: Math.max(1, this.flow.messages) - held, bytes: this.flow.bytes - pile.bytes }
  }

  /** `pulled`: when it aborts, the pulled are given back. */
  async #stop(pulled: AbortSignal, feed: AbortSignal): Promise<void> {
    this.#late.push(...this.shelf.end())
    const left = this.#feed?.leave(feed)
    // While we are still given something, what we give back would come to us again.
    if (this.#keepsLate && !feed.aborted) await left
    this.#keepsLate = false
    for (const one of this.#late.splice(0)) this.hold?.giveBack(one, 'unused')
    await this.hold?.idle(pulled)
    await left
    this.#members.delete(this)
  }

  #pullable(): Flow {
    const pulled = this.hold ? this.hold.count - this.shelf.pile.count : 0
    return { messages: Math.max(1, this.flow.messages) - pulled, bytes: this.flow.bytes }
  }

  #refill(): void {
    this.shelf.wake()
    this.#feed?.refill()
  }
}

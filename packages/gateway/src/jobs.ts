import {
  type Answer,
  type Capabilities,
  type Delivery,
  type Flow,
  MessagingError,
  type Reception,
} from '@spanwire/driver'
import { piecesOf } from './encoded.js'
import { lost } from './feed.js'
import type { Outbox } from './outbox.js'

/**
 * What one client receives to settle: of a queue, a group, or as a responder. One reception upstream of its own, whose
 * bound is the client's. A batch is pulled only when the client asks for one, so that nothing lies here unworked.
 */
export class Jobs {
  readonly #number: number
  readonly #reception: Reception
  readonly #can: Capabilities
  readonly #outbox: Outbox
  readonly #onEnd: (error: MessagingError) => void
  readonly #open = new Map<number, Delivery>()
  readonly #cut = new AbortController()
  #count = 0
  #pulling = false
  #stopping: { readonly pulled: number } | undefined
  #alive = false

  constructor(
    number: number,
    reception: Reception,
    can: Capabilities,
    outbox: Outbox,
    onEnd: (error: MessagingError) => void,
  ) {
    this.#number = number
    this.#reception = reception
    this.#can = can
    this.#outbox = outbox
    this.#onEnd = onEnd
  }

  /** The client waits for a batch. */
  async pull(): Promise<void> {
    if (this.#pulling || this.#stopping) return
    this.#pulling = true
    try {
      for (;;) {
        const batch = await this.#reception.next()
        this.#alive = true
        if (!batch) return this.#end(lost())
        if (batch.deliveries.length > 0 || batch.lost || batch.caughtUp) return this.#give(batch)
      }
    } catch (error) {
      this.#end(MessagingError.is(error) ? error : lost())
    }
  }

  adjust(flow: Flow): void {
    this.#reception.adjust(flow)
  }

  beat(): boolean {
    const alive = this.#alive
    this.#alive = false
    return alive
  }

  /** Deliveries that upstream took from us since the last time; the client has to know. */
  gone(): readonly number[] {
    const gone: number[] = []
    for (const [number, delivery] of this.#open) if (!delivery.held) gone.push(number)
    for (const number of gone) this.#drop(number)
    return gone
  }

  async settle(number: number, how: 'ack' | { readonly retryMs: number } | Answer): Promise<void> {
    const delivery = this.#open.get(number)
    if (!delivery) throw notHeld()
    const settled = delivery.settle(how)
    this.#drop(number)
    await settled
  }

  async extend(number: number): Promise<void> {
    const delivery = this.#open.get(number)
    if (!delivery) throw notHeld()
    await delivery.extend()
  }

  /** No more. What the client had not pulled goes back now, the rest when it is settled or cut. */
  async stop(pulled: number): Promise<void> {
    this.#stopping = { pulled }
    const stopped = this.#reception.stop(this.#cut.signal)
    this.#giveBack(pulled)
    this.#cutIfIdle()
    await stopped
  }

  cut(): void {
    this.#cut.abort()
    this.#open.clear()
  }

  /** The client is gone. */
  async abandon(): Promise<void> {
    this.#stopping ??= { pulled: 0 }
    this.cut()
    await this.#reception.stop(AbortSignal.abort())
  }

  #give(batch: Parameters<typeof piecesOf>[0]): void {
    this.#pulling = false
    for (const delivery of batch.deliveries) {
      this.#count += 1
      this.#open.set(this.#count, delivery)
    }
    if (this.#stopping) {
      this.#giveBack(this.#stopping.pulled)
      this.#cutIfIdle()
      return
    }
    for (const piece of piecesOf(batch, true)) this.#outbox.data(piece.frame(this.#number))
  }

  /** Where the engine cannot take one back, it gets it when all that were pulled are settled. */
  #giveBack(pulled: number): void {
    if (!this.#can.retries) return
    for (const [number, delivery] of this.#open) {
      if (number <= pulled) continue
      this.#open.delete(number)
      delivery.settle({ retryMs: 0 }).catch(() => undefined)
    }
  }

  #drop(number: number): void {
    this.#open.delete(number)
    this.#cutIfIdle()
  }

  #cutIfIdle(): void {
    const stopping = this.#stopping
    if (!stopping) return
    for (const number of this.#open.keys()) if (number <= stopping.pulled) return
    // Settled is what was pulled; now the rest may go back.
    if (this.#open.size > 0) this.#cut.abort()
  }

  #end(error: MessagingError): void {
    if (!this.#stopping) this.#onEnd(error)
  }
}

export function notHeld(): MessagingError {
  return new MessagingError('conflict', 'The delivery is not held by this client any more.')
}

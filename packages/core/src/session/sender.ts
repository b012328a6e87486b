import { type Cancel, type Channel, MessagingError, type Outgoing, type SendOutcome } from '@spanwire/driver'

const MAX_MESSAGES = 512
const MAX_BYTES = 256 * 1024

/** A message on its way. */
export interface Ticket {
  /** Forgets the message. Its outcome is reported before this returns: `unsent` if it was not handed over yet. Later calls do nothing. */
  cancel(): void
}

type Report = (outcome: SendOutcome) => void

const withdrawn: SendOutcome = /* @__PURE__ */ outcome('unsent', 'Withdrawn before it was handed to the engine.')
const abandoned: SendOutcome = /* @__PURE__ */ outcome('unknown', 'Withdrawn while it was being handed to the engine.')

/**
 * Sends on one channel. What one microtask tick hands over goes out as one batch of at most 512 messages or 256 KiB
 * (a larger message goes alone), in order. It holds messages only until the tick ends, so it needs no bound of its own.
 */
export class Sender {
  readonly #channel: Channel
  readonly #load: { inflight: number }
  #full: Shipment[] = []
  #filling: Shipment | undefined
  #inflight = 0

  /** `load.inflight` is kept up to date for all senders that share it. */
  constructor(channel: Channel, load: { inflight: number } = { inflight: 0 }) {
    this.#channel = channel
    this.#load = load
  }

  /** Messages handed over and not reported yet. */
  get inflight(): number {
    return this.#inflight
  }

  /** `bytes`: about the size of the message. `report` comes once, never before this returns. */
  send(message: Outgoing, bytes: number, report: Report): Ticket {
    let batch = this.#filling
    if (batch && (batch.parcels.length >= MAX_MESSAGES || batch.bytes + bytes > MAX_BYTES)) {
      this.#full.push(batch)
      batch = undefined
    }
    if (batch === undefined) {
      batch = this.#filling = new Shipment(this.#settled)
      if (this.#full.length === 0) queueMicrotask(this.#flush)
    }
    const parcel = new Parcel(batch, message, report)
    batch.parcels.push(parcel)
    batch.bytes += bytes
    this.#inflight += 1
    this.#load.inflight += 1
    return parcel
  }

  readonly #flush = (): void => {
    const full = this.#full
    const last = this.#filling
    // What a report hands over from here on belongs to the next tick.
    this.#filling = undefined
    if (full.length > 0) {
      this.#full = []
      for (const batch of full) batch.ship(this.#channel)
    }
    last?.ship(this.#channel)
  }

  readonly #settled = (): void => {
    this.#inflight -= 1
    this.#load.inflight -= 1
  }
}

/** One call of `Channel.send`, and its only report closure. */
class Shipment {
  readonly parcels: Parcel[] = []
  bytes = 0
  cancel: Cancel | undefined
  readonly settled: () => void
  #regrets: number[] | undefined

  constructor(settled: () => void) {
    this.settled = settled
  }

  ship(channel: Channel): void {
    const { parcels } = this
    const messages: Outgoing[] = []
    for (const parcel of parcels) {
      if (parcel.report === undefined) continue
      parcel.index = messages.length
      parcels[parcel.index] = parcel
      messages.push(parcel.message)
    }
    if (messages.length === 0) return
    parcels.length = messages.length
    this.cancel = channel.send(messages, (index, result) => parcels[index]?.settle(result))
    if (this.#regrets) for (const index of this.#regrets) this.cancel(index)
  }

  /** Cancelled out of a report that came from within `Channel.send`, which has not yet returned the means to do so. */
  regret(index: number): void {
    this.#regrets ??= []
    this.#regrets.push(index)
  }
}

class Parcel implements Ticket {
  readonly message: Outgoing
  report: Report | undefined
  /** Place in the batch once that has left. */
  index = -1
  readonly #batch: Shipment

  constructor(batch: Shipment, message: Outgoing, report: Report) {
    this.#batch = batch
    this.message = message
    this.report = report
  }

  settle(result: SendOutcome): void {
    const { report } = this
    if (report === undefined) return
    this.report = undefined
    this.#batch.settled()
    report(result)
  }

  cancel(): void {
    if (this.report === undefined) return
    if (this.index < 0) this.settle(withdrawn)
    else if (this.#batch.cancel) this.#batch.cancel(this.index)
    else {
      this.#batch.regret(this.index)
      this.settle(abandoned)
    }
  }
}

function outcome(kind: 'unsent' | 'unknown', text: string): SendOutcome {
  return { outcome: kind, error: new MessagingError('canceled', text) }
}

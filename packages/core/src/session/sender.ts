import { type Cancel, type Channel, MessagingError, type Outgoing, type SendOutcome } from '@spanwire/driver'
import { SETTLED } from '../runtime/deferred.js'
import type { Timing } from './pace.js'

const MAX_MESSAGES = 512
const MAX_BYTES = 256 * 1024

/** Who hears how a message ended. Whatever sends per message brings its own, so that none is made here. */
export interface Parcel {
  /** Written by senders only: where it is until its end is reported, and its place there. */
  shipment: Shipment | undefined
  place: number
  /** Comes once per hand-over, never before that returns. */
  report(outcome: SendOutcome): void
}

/** A message on its way. */
export interface Ticket {
  /** Forgets the message. Its outcome is reported before this returns: `unsent` if it was not handed over yet. Later calls do nothing. */
  cancel(): void
}

/** What goes over one link. */
export interface Load {
  /** Messages on their way. */
  inflight: number
  /** Outcomes that only the engine can have told. */
  answers: number
  /** Called when the first message is on its way. */
  onBusy?: () => void
}

type Report = (outcome: SendOutcome) => void

const withdrawn: SendOutcome = /* @__PURE__ */ outcome('unsent', 'Withdrawn before the hand-over.')
const abandoned: SendOutcome = /* @__PURE__ */ outcome('unknown', 'Withdrawn during the hand-over.')

/**
 * Sends on one channel. What one microtask tick hands over goes out as one batch of at most 512 messages or 256 KiB
 * (a larger message goes alone), in order. It holds messages only until the tick ends, so it needs no bound of its own.
 */
export class Sender {
  readonly #channel: Channel
  readonly #load: Load
  readonly #told: Report
  readonly #timing: Timing | undefined
  /** Handed to the channel, and not all of it reported; in no order. */
  readonly #out: Shipment[] = []
  #full: Shipment[] = []
  #filling: Shipment | undefined
  #inflight = 0

  /** `load` is kept up to date for all senders that share it; `told` hears each outcome first; `timing` how long some took. */
  constructor(channel: Channel, load: Load = { inflight: 0, answers: 0 }, told: Report = () => {}, timing?: Timing) {
    this.#channel = channel
    this.#load = load
    this.#told = told
    // What is only written proves nothing about who reads.
    this.#timing = channel.can.confirms === 'written' ? undefined : timing
  }

  /** Messages handed over and not reported yet. */
  get inflight(): number {
    return this.#inflight
  }

  /** `bytes`: about the size of the message. `report` comes once, never before this returns. */
  send(message: Outgoing, bytes: number, report: Report): Ticket {
    const parcel: Parcel = { shipment: undefined, place: 0, report }
    this.hand(parcel, message, bytes)
    return { cancel: () => withdraw(parcel) }
  }

  /** As send; a parcel may be handed over again when its end has been reported. */
  hand(parcel: Parcel, message: Outgoing, bytes: number): void {
    let batch = this.#filling
    if (batch && (batch.size >= MAX_MESSAGES || batch.bytes + bytes > MAX_BYTES)) {
      this.#full.push(batch)
      batch = undefined
    }
    if (batch === undefined) {
      batch = this.#filling = new Shipment(this.#settled)
      if (this.#full.length === 0) void SETTLED.then(this.#flush)
    }
    batch.add(parcel, message, bytes)
    this.#inflight += 1
    this.#load.inflight += 1
    if (this.#load.inflight === 1) this.#load.onBusy?.()
  }

  /** Forgets all that was handed to the channel, because of its illness. Its outcomes are reported before this returns. */
  abandon(ill: MessagingError): void {
    const error = new MessagingError('outcome-unknown', `Given up unanswered. ${ill.message}`, {
      scope: 'channel',
      cause: ill,
    })
    for (const shipment of [...this.#out]) shipment.abandon(error)
  }

  /** Since when the oldest has been seen out, Runtime ms; Infinity: none is. To be called now and then: that is when they are seen. */
  seenSince(nowMs: number): number {
    let oldest = Infinity
    for (const shipment of this.#out) {
      shipment.seenAt ??= nowMs
      oldest = Math.min(oldest, shipment.seenAt)
    }
    return oldest
  }

  /** Forgets what has been seen out since then or longer: it was lost on its way. Its outcomes are reported before this returns. */
  abandonSince(ms: number): void {
    for (const shipment of [...this.#out]) if ((shipment.seenAt ?? Infinity) <= ms) shipment.abandon()
  }

  readonly #flush = (): void => {
    const full = this.#full
    const last = this.#filling
    // What a report hands over from here on belongs to the next tick.
    this.#filling = undefined
    if (full.length > 0) {
      this.#full = []
      for (const batch of full) this.#ship(batch)
    }
    if (last) this.#ship(last)
  }

  #ship(batch: Shipment): void {
    if (batch.open === 0) return
    batch.index = this.#out.length
    this.#out.push(batch)
    batch.timedFrom = this.#timing?.pace?.begin()
    batch.ship(this.#channel)
  }

  /** The last one takes its place: a set costs more than a message may. */
  #remove(shipment: Shipment): void {
    const last = this.#out.pop()
    if (last === undefined || last === shipment) return
    this.#out[shipment.index] = last
    last.index = shipment.index
  }

  readonly #settled = (outcome: SendOutcome, shipment: Shipment): void => {
    this.#inflight -= 1
    this.#load.inflight -= 1
    if (shipment.open === 0 && shipment.index >= 0) this.#remove(shipment)
    if (shipment.timedFrom !== undefined && shipment.open === 0 && outcome.outcome === 'done')
      this.#timing?.pace?.end(shipment.timedFrom)
    // What is only written proves nothing about who reads.
    if (outcome.outcome === 'done' && this.#channel.can.confirms !== 'written') this.#load.answers += 1
    this.#told(outcome)
  }
}

/** Forgets a parcel. Its outcome is reported before this returns: `unsent` if it was not handed over yet. Nothing if it has been reported. */
export function withdraw(parcel: Parcel): void {
  parcel.shipment?.withdraw(parcel)
}

/** One call of `Channel.send`, and its only report closure. */
export class Shipment {
  bytes = 0
  /** Messages in it that have not been reported. */
  open = 0
  /** Where its sender keeps it once it has left. */
  index = -1
  /** When somebody first looked and it was out, Runtime ms. */
  seenAt: number | undefined
  /** When it left, if it is to be timed, Runtime ms. */
  timedFrom: number | undefined
  readonly #parcels: Parcel[] = []
  readonly #messages: Outgoing[] = []
  #left = false
  readonly #settled: (outcome: SendOutcome, shipment: Shipment) => void
  #cancel: Cancel | undefined
  #regrets: number[] | undefined
  /** Why it is given up. */
  #lost: MessagingError | undefined

  constructor(settled: (outcome: SendOutcome, shipment: Shipment) => void) {
    this.#settled = settled
  }

  /** Messages in it. */
  get size(): number {
    return this.#messages.length
  }

  add(parcel: Parcel, message: Outgoing, bytes: number): void {
    parcel.shipment = this
    parcel.place = this.#parcels.length
    this.#parcels.push(parcel)
    this.#messages.push(message)
    this.open += 1
    this.bytes += bytes
  }

  ship(channel: Channel): void {
    const parcels = this.#parcels
    this.#left = true
    this.#cancel = channel.send(this.#messages, (index, outcome) => this.#settle(parcels[index], outcome))
    if (this.#regrets) for (const place of this.#regrets) this.#cancel(place)
  }

  withdraw(parcel: Parcel): void {
    if (!this.#left) {
      this.#remove(parcel.place)
      this.#settle(parcel, withdrawn)
    } else if (this.#cancel) this.#cancel(parcel.place)
    else {
      // Out of a report that came from within `Channel.send`, which has not yet returned the means to do so.
      this.#regrets ??= []
      this.#regrets.push(parcel.place)
      this.#settle(parcel, abandoned)
    }
  }

  /** With an error, what may have been taken ends with that. */
  abandon(error?: MessagingError): void {
    this.#lost = error
    this.#cancel?.()
  }

  #remove(place: number): void {
    this.#parcels.splice(place, 1)
    this.#messages.splice(place, 1)
    for (let at = place; at < this.#parcels.length; at++) {
      const parcel = this.#parcels[at]
      if (parcel) parcel.place = at
    }
  }

  /** A second report finds the parcel gone, or with another shipment. */
  #settle(parcel: Parcel | undefined, told: SendOutcome): void {
    if (parcel?.shipment !== this) return
    const outcome: SendOutcome =
      this.#lost && told.outcome === 'unknown' ? { outcome: 'unknown', error: this.#lost } : told
    parcel.shipment = undefined
    this.open -= 1
    this.#settled(outcome, this)
    parcel.report(outcome)
  }
}

function outcome(kind: 'unsent' | 'unknown', text: string): SendOutcome {
  return { outcome: kind, error: new MessagingError('canceled', text) }
}

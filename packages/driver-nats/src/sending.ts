import type { Msg } from '@nats-io/transport-node'
import type { Cancel, MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { maybe } from './errors.js'
import type { Waiter } from './inbox.js'
import type { Outlet } from './outlet.js'

/** Reports of one call of `send`. */
export type Report = (index: number, outcome: SendOutcome) => void

/** What an answer says about the message that was sent to that subject. */
export type Read = (msg: Msg, subject: string) => SendOutcome

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

const DONE: SendOutcome = { outcome: 'done' }
const FORGOTTEN: SendOutcome = failed('unknown', maybe('Forgotten before NATS answered.', 'message'))

/** Sends and is done when the server has read all of it and complained of nothing. */
export function sendAndFlush(outlet: Outlet, batch: readonly Outgoing[], report: Report): Cancel {
  const { wire } = outlet
  const open = new Open(outlet, batch, report)
  open.writeAll()
  if (!open.isOver) {
    wire.flushed((error) => {
      if (error) open.rest(failed('unknown', error))
      else if (wire.denied.size === 0) open.rest(DONE)
      else open.judge(wire.denied)
    })
  }
  return (index) => (index === undefined ? open.rest(FORGOTTEN) : open.one(index, FORGOTTEN))
}

/** Sends, each message with a reply subject of its own, and reports what `read` makes of each answer. */
export function sendForAnswers(outlet: Outlet, batch: readonly Outgoing[], report: Report, read: Read): Cancel {
  const { inbox } = outlet.wire
  const open = new Open(outlet, batch, report)
  const first = inbox.numbers(batch.length)
  open.writeAll({
    address: (index) => inbox.address(first + index),
    written: (index, subject) => inbox.await(first + index, new Pending(open, index, subject, read)),
  })
  const forget = (index: number): void => {
    inbox.forget(first + index)
    open.one(index, FORGOTTEN)
  }
  return (index) => {
    if (index !== undefined) forget(index)
    else for (let at = 0; !open.isOver; at++) forget(at)
  }
}

/** One message that waits for its answer. */
class Pending implements Waiter {
  readonly subject: string
  readonly #open: Open
  readonly #index: number
  readonly #read: Read

  constructor(open: Open, index: number, subject: string, read: Read) {
    this.subject = subject
    this.#open = open
    this.#index = index
    this.#read = read
  }

  answer(msg: Msg): void {
    this.#open.one(this.#index, this.#read(msg, this.subject))
  }

  fail(outcome: 'refused' | 'unknown', error: MessagingError): void {
    this.#open.one(this.#index, failed(outcome, error))
  }
}

/** Where answers are expected. */
interface Answers {
  /** The reply subject of a message. */
  address(index: number): string
  written(index: number, subject: string): void
}

/** The messages of one call that are unreported. Lets go of the batch with the last. */
class Open {
  readonly #outlet: Outlet
  #batch: readonly Outgoing[]
  readonly #report: Report
  readonly #isOpen: Uint8Array
  #left: number

  constructor(outlet: Outlet, batch: readonly Outgoing[], report: Report) {
    this.#outlet = outlet
    this.#batch = batch
    this.#report = report
    this.#isOpen = new Uint8Array(batch.length).fill(1)
    this.#left = batch.length
  }

  get isOver(): boolean {
    return this.#left === 0
  }

  /** Writes what can be written, reports the rest. */
  writeAll(answers?: Answers): void {
    const outlet = this.#outlet
    const { shut } = outlet.wire
    if (shut) this.rest(failed('unsent', shut))
    let index = 0
    for (const message of this.#batch) {
      // A report may have cancelled what comes behind it.
      if (this.#isOpen[index] === 1) {
        try {
          const subject = outlet.subject(message.path)
          outlet.check(message)
          outlet.write(message, subject, answers?.address(index))
          answers?.written(index, subject)
        } catch (cause) {
          // Not a byte was written, and all that throws here is ours.
          const error = cause as MessagingError
          this.one(index, failed(error.scope === 'link' ? 'unsent' : 'refused', error))
        }
      }
      index += 1
    }
  }

  one(index: number, outcome: SendOutcome): void {
    if (this.#isOpen[index] !== 1) return
    this.#isOpen[index] = 0
    this.#left -= 1
    if (this.#left === 0) this.#batch = []
    this.#report(index, outcome)
  }

  rest(outcome: SendOutcome): void {
    for (let index = 0; this.#left > 0; index++) this.one(index, outcome)
  }

  judge(denied: ReadonlyMap<string, MessagingError>): void {
    for (const [index, { path }] of this.#batch.entries()) {
      const error = denied.get(this.#outlet.subject(path))
      this.one(index, error ? failed('refused', error) : DONE)
    }
  }
}

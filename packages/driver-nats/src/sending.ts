import type { Msg } from '@nats-io/transport-node'
import type { Cancel, Channel, MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { maybe } from './errors.js'
import type { Outlet } from './outlet.js'

type Batch = readonly Outgoing[]
type Report = Parameters<Channel['send']>[1]

/** What an answer says about the message that was sent to that subject. */
export type Read = (msg: Msg, subject: string) => SendOutcome

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

const DONE: SendOutcome = { outcome: 'done' }
const FORGOTTEN: SendOutcome = failed('unknown', maybe('Forgotten before NATS answered.', 'message'))

/** Sends and is done when the server has read all of it and complained of nothing. */
export function sendAndFlush(outlet: Outlet, batch: Batch, report: Report): Cancel {
  const open = new Open(batch.length, report)
  const subjects = writeAll(outlet, batch, open)
  if (!open.isOver) {
    outlet.wire.read().then(
      (denied) => {
        for (const [index, subject] of denied.size > 0 ? subjects.entries() : []) {
          const error = denied.get(subject)
          if (error) open.one(index, failed('refused', error))
        }
        open.rest(DONE)
      },
      (error: MessagingError) => open.rest(failed('unknown', error)),
    )
  }
  return (index) => (index === undefined ? open.rest(FORGOTTEN) : open.one(index, FORGOTTEN))
}

/** Sends, each message with a reply subject of its own, and reports what `read` makes of each answer. */
export function sendForAnswers(outlet: Outlet, batch: Batch, report: Report, read: Read): Cancel {
  const { inbox } = outlet.wire
  const open = new Open(batch.length, report)
  const first = inbox.numbers(batch.length)
  writeAll(outlet, batch, open, {
    address: (index) => inbox.address(first + index),
    written: (index, subject) =>
      inbox.await(first + index, {
        subject,
        answer: (msg) => open.one(index, read(msg, subject)),
        fail: (outcome, error) => open.one(index, failed(outcome, error)),
      }),
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

/** Where answers are expected. */
interface Answers {
  /** The reply subject of a message. */
  address(index: number): string
  written(index: number, subject: string): void
}

/** Writes what can be written, and reports the rest. Gives the subjects. */
function writeAll({ wire, write }: Outlet, batch: Batch, open: Open, answers?: Answers): readonly string[] {
  const { shut } = wire
  if (shut) open.rest(failed('unsent', shut))
  return batch.map((message, index) => {
    // A report may have cancelled what comes behind it.
    if (!open.has(index)) return ''
    try {
      const subject = write(message, answers?.address(index))
      answers?.written(index, subject)
      return subject
    } catch (cause) {
      // Not a byte was written, and all that throws here is ours.
      const error = cause as MessagingError
      open.one(index, failed(error.scope === 'link' ? 'unsent' : 'refused', error))
      return ''
    }
  })
}

/** The messages of one call that are unreported. */
class Open {
  readonly #report: Report
  readonly #isOpen: Uint8Array
  #left: number

  constructor(count: number, report: Report) {
    this.#report = report
    this.#isOpen = new Uint8Array(count).fill(1)
    this.#left = count
  }

  get isOver(): boolean {
    return this.#left === 0
  }

  has(index: number): boolean {
    return this.#isOpen[index] === 1
  }

  one(index: number, outcome: SendOutcome): void {
    if (this.#isOpen[index] !== 1) return
    this.#isOpen[index] = 0
    this.#left -= 1
    this.#report(index, outcome)
  }

  rest(outcome: SendOutcome): void {
    for (let index = 0; this.#left > 0; index++) this.one(index, outcome)
  }
}

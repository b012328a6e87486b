import type { Msg } from '@nats-io/transport-node'
import type { Cancel, MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { DONE, failed, handOver, maybe, Open, type Report } from '@spanwire/driver/kit'
import type { Outlet } from './outlet.js'

type Batch = readonly Outgoing[]

/** What an answer says about the message that was sent to that subject. */
export type Read = (msg: Msg, subject: string) => SendOutcome

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
  return open.cancelBy((index) => open.one(index, FORGOTTEN))
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
  return open.cancelBy((index) => {
    inbox.forget(first + index)
    open.one(index, FORGOTTEN)
  })
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
  const subjects = Array<string>(batch.length).fill('')
  handOver(open, batch, (message, index) => {
    const subject = write(message, answers?.address(index))
    answers?.written(index, subject)
    subjects[index] = subject
  })
  return subjects
}

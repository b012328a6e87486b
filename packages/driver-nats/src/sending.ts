import type { Msg } from '@nats-io/transport-node'
import {
  type Cancel,
  type Capabilities,
  type ChannelSpec,
  isPath,
  MessagingError,
  type Outgoing,
  type SendOutcome,
} from '@spanwire/driver'
import { invalid, maybe } from './errors.js'
import { fitsWire } from './headers.js'
import type { Waiter } from './inbox.js'
import type { Wire } from './wire.js'

/** Reports of one call of `send`. */
export type Report = (index: number, outcome: SendOutcome) => void

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

const DONE: SendOutcome = { outcome: 'done' }
const FORGOTTEN: SendOutcome = failed('unknown', maybe('Forgotten before NATS answered.', 'message'))

/** Where the messages of a channel go. */
export interface Outlet {
  readonly wire: Wire
  readonly spec: ChannelSpec
  readonly can: Pick<Capabilities, 'maxBytes'>
  /** Writes one message. Throws a `MessagingError` when it cannot be written. */
  write(message: Outgoing, subject: string, reply?: string): void
}

/** Sends and is done when the server has read all of it and complained of nothing. */
export function sendAndFlush(outlet: Outlet, batch: readonly Outgoing[], report: Report): Cancel {
  const { wire } = outlet
  const open = new Open(batch, report)
  if (open.writeEach(outlet, (message, subject) => outlet.write(message, subject))) {
    wire.flushed((error) => {
      if (error) open.rest(failed('unknown', error))
      else if (wire.denied.size === 0) open.rest(DONE)
      else open.judge(outlet, (subject) => wire.denied.get(subject))
    })
  }
  return (index) => (index === undefined ? open.rest(FORGOTTEN) : open.one(index, FORGOTTEN))
}

/** Sends, each message with a reply subject of its own, and reports what `read` makes of each answer. */
export function sendForAnswers(
  outlet: Outlet,
  batch: readonly Outgoing[],
  report: Report,
  read: (msg: Msg, subject: string) => SendOutcome,
): Cancel {
  const { inbox } = outlet.wire
  const open = new Open(batch, report)
  const first = inbox.numbers(batch.length)
  open.writeEach(outlet, (message, subject, index) => {
    const waiter = new Pending(open, index, subject, read)
    try {
      outlet.write(message, subject, inbox.await(first + index, waiter))
    } catch (error) {
      inbox.forget(first + index)
      throw error
    }
  })
  const forget = (index: number): void => {
    if (inbox.forget(first + index)) open.one(index, FORGOTTEN)
  }
  return (index) => {
    if (index !== undefined) return forget(index)
    for (let at = 0; at < batch.length; at++) forget(at)
  }
}

/** One message that waits for its answer. */
class Pending implements Waiter {
  readonly subject: string
  readonly #open: Open
  readonly #index: number
  readonly #read: (msg: Msg, subject: string) => SendOutcome

  constructor(open: Open, index: number, subject: string, read: (msg: Msg, subject: string) => SendOutcome) {
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

/** The messages of one call that are unreported. Lets go of the batch with the last. */
class Open {
  #batch: readonly Outgoing[]
  readonly #report: Report
  readonly #isOpen: Uint8Array
  #left: number

  constructor(batch: readonly Outgoing[], report: Report) {
    this.#batch = batch
    this.#report = report
    this.#isOpen = new Uint8Array(batch.length).fill(1)
    this.#left = batch.length
  }

  /** Writes what can be written, reports the rest. True if anything was written. */
  writeEach(outlet: Outlet, write: (message: Outgoing, subject: string, index: number) => void): boolean {
    const shut = outlet.wire.shut
    if (shut) {
      this.rest(failed('unsent', shut))
      return false
    }
    let index = 0
    for (const message of this.#batch) {
      const refusal = refusalOf(outlet, message)
      if (refusal) this.one(index, failed('refused', refusal))
      else {
        try {
          write(message, subjectOf(outlet.spec, message.path), index)
        } catch (error) {
          this.one(index, failed('unsent', error as MessagingError))
        }
      }
      index += 1
    }
    return this.#left > 0
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

  judge({ spec }: Outlet, denied: (subject: string) => MessagingError | undefined): void {
    for (const [index, { path }] of this.#batch.entries()) {
      const error = denied(subjectOf(spec, path))
      this.one(index, error ? failed('refused', error) : DONE)
    }
  }
}

/** `quotes` and `AAPL` are the subject `quotes.AAPL`. */
export function subjectOf({ name }: ChannelSpec, path: string): string {
  return path === '' ? name : `${name}.${path}`
}

function refusalOf({ spec, can: { maxBytes } }: Outlet, { path, body, headers }: Outgoing): MessagingError | undefined {
  if (!isPath(path, spec.params)) return invalid('a path', spec)
  if (headers && !fitsWire(headers))
    return new MessagingError('invalid', `A header of a message to ${spec.name} does not fit.`)
  const around = headers ? headers.join('    ').length : 0
  const length = typeof body === 'string' && body.length * 3 > maxBytes - around ? Buffer.byteLength(body) : body.length
  if (length + around <= maxBytes) return undefined
  return new MessagingError('too-large', `${length + around} bytes are above the ${maxBytes} that ${spec.name} takes.`)
}

import type { Cancel, Channel, MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { maybe } from './errors.js'
import type { Wire } from './wire.js'

type Report = Parameters<Channel['send']>[1]

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

export const DONE: SendOutcome = { outcome: 'done' }
const FORGOTTEN: SendOutcome = failed('unknown', maybe('Forgotten before KubeMQ answered.', 'message'))

/** Takes one message of a call. Throws a `MessagingError` when it cannot be sent, and nothing of it was. */
export type Take = (message: Outgoing, index: number, open: Open) => void

/**
 * Hands the messages of one call to `take`, and reports what it refuses. `forget`: gives up one that was taken; absent, or when it
 * does not report, what became of it is unknown.
 */
export function sendEach(
  wire: Wire,
  batch: readonly Outgoing[],
  report: Report,
  take: Take,
  forget: (open: Open, index: number) => void = () => undefined,
): Cancel {
  const open = new Open(batch.length, report)
  const { shut } = wire
  if (shut) open.rest(failed('unsent', shut))
  for (let index = 0; index < batch.length; index++) {
    const message = batch[index]
    // A report may have cancelled what comes behind it.
    if (message === undefined || !open.has(index)) continue
    try {
      take(message, index, open)
    } catch (cause) {
      // All that throws here is ours.
      const error = cause as MessagingError
      open.one(index, failed(error.scope === 'link' ? 'unsent' : 'refused', error))
    }
  }
  const one = (index: number): void => {
    if (open.has(index)) forget(open, index)
    open.one(index, FORGOTTEN)
  }
  return (index) => {
    if (index !== undefined) one(index)
    else for (let at = 0; !open.isOver; at++) one(at)
  }
}

/** The messages of one call that are unreported. */
export class Open {
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

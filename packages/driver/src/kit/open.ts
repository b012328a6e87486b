import type { Cancel, Channel, MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'

export type Report = Parameters<Channel['send']>[1]

/** For all that were taken, where there is no more to say. */
export const DONE: SendOutcome = { outcome: 'done' }

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

/** The messages of one call that are unreported: each is reported once, whatever happens first. */
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

  /** What a call of `send` gives. `forget` reports the message that it is called for, if nobody has yet. */
  cancelBy(forget: (index: number) => void): Cancel {
    return (index) => {
      if (index !== undefined) forget(index)
      else for (let at = 0; this.#left > 0; at++) forget(at)
    }
  }
}

/**
 * Hands the messages of a call to `take`, in order, and reports those that it throws for: `unsent` where the link is to blame, else
 * `refused`. It throws nothing but a `MessagingError`, and only if not a byte of the message was written.
 */
export function handOver(
  open: Open,
  batch: readonly Outgoing[],
  take: (message: Outgoing, index: number) => void,
): void {
  for (let index = 0; index < batch.length; index++) {
    const message = batch[index]
    // A report may have cancelled what comes behind it.
    if (message === undefined || !open.has(index)) continue
    try {
      take(message, index)
    } catch (cause) {
      const error = cause as MessagingError
      open.one(index, failed(error.scope === 'link' ? 'unsent' : 'refused', error))
    }
  }
}

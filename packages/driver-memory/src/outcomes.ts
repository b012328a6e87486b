import type { Code, SendOutcome } from '@spanwire/driver'
import { MessagingError } from '@spanwire/driver'
import type { Entry } from './entry.js'
import { maybe } from './errors.js'

/** Taken, where there is no more to say. */
export const DONE: SendOutcome = { outcome: 'done' }

/** Stored in a log. */
export class Stored {
  readonly outcome = 'done' as const
  readonly #entry: Entry

  constructor(entry: Entry) {
    this.#entry = entry
  }

  position(): string | undefined {
    return this.#entry.position()
  }
}

export function refuse(error: MessagingError): SendOutcome {
  return { outcome: 'refused', error }
}

export function refuseAs(code: Code, message: string): SendOutcome {
  return refuse(new MessagingError(code, message))
}

export const NO_RESPONDER: SendOutcome = refuse(
  new MessagingError('not-found', 'nobody responds on this channel at the memory engine; start a responder there', {
    retryable: true,
  }),
)

export const RESPONDER_LOST: SendOutcome = {
  outcome: 'unknown',
  error: maybe('the responder went away with the request before it answered'),
}

export const TOO_LATE: SendOutcome = refuseAs('timeout', 'no responder took the request before its deadline')

export const NO_ANSWER: SendOutcome = {
  outcome: 'unknown',
  error: maybe('a responder took the request and did not answer before its deadline'),
}

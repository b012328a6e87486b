import { type Headers, MessagingError } from '@spanwire/driver'
import type { Rpc } from '../contract/contract.js'
import type { Encoded } from '../contract/encode.js'
import type { Duration } from '../runtime/duration.js'

/** One question on its way: at most one wire send unless the contract is idempotent (R45). */
export interface Question {
  readonly rpc: Pick<Rpc, 'name' | 'spec' | 'idempotent'>
  readonly encoded: Pick<Encoded, 'path' | 'body' | 'lane'>
  readonly headers: Headers
  /** Says in a header how much of the time is left. */
  readonly timed: boolean
  readonly signal: AbortSignal | undefined
  /** Given with the first wire send, when a link has told which publisher it accepts (R3, R52). */
  id: string | undefined
  readonly until: number
  readonly tried: Set<string>
  /** Nobody is there, or who is will not: asking them again brings no responder. */
  readonly refusedBy: Set<string>
  attempts: number
  /** A second site is asked as well when the first takes longer. Only of what is idempotent. */
  readonly hedge?: Duration | 'p95' | undefined
  ambiguous: boolean
  /** The next attempt repeats what may have been done, or adds to a load: it counts against the site's budget. */
  again: boolean
}

/** Once ambiguous, never failed (R17): also when there was nobody left to ask again. `why` it ended, if not for what the error says. */
export function final(question: Question, error: MessagingError, why: string = error.message): MessagingError {
  const site = [...question.tried].at(-1)
  if (!question.ambiguous || site === undefined) return error
  const { rpc, signal } = question
  const text = signal?.aborted ? 'the caller gave up' : why
  return new MessagingError('outcome-unknown', `request ${rpc.name} to ${site} may have run: ${text}`, {
    cause: error,
    site,
  })
}

export function canceled(rpc: Question['rpc']): MessagingError {
  return new MessagingError('canceled', `request ${rpc.name}: aborted before it was sent`)
}

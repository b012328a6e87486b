import { MessagingError, type Outgoing, type SendOutcome } from '@spanwire/driver'
import { AGAIN } from '../departure/outgoing.js'
import type { Ticket } from '../session/sender.js'
import { boundPublisher } from './bound.js'
import { type Context, reasons } from './context.js'
import { deadlinesOf } from './deadlines.js'
import type { Question } from './question.js'

/** Carries what is left of the caller's time, in ms, so that nobody starts what nobody waits for (R45). */
export const TIMEOUT = 'sw-timeout'

/** One wire send of a question. */
export interface Attempt {
  readonly site: string
  /** Never rejects. */
  readonly outcome: Promise<SendOutcome>
  /** Nobody wants to know any more. Late calls do nothing. */
  cancel(): void
}

/** Asks one site. Ends with the caller's time at the latest. */
export function attempt(context: Context, question: Question, site: string): Attempt {
  const { encoded, signal, until } = question
  const state = context.session(site).channel(question.rpc.spec)
  if (state.at !== 'open') return { site, outcome: Promise.resolve(gone(context, site)), cancel: () => undefined }
  let ticket: Ticket | undefined
  const cancel = (): void => ticket?.cancel()
  const outcome = new Promise<SendOutcome>((resolve) => {
    const deadlines = deadlinesOf(context)
    const deadline = deadlines.add(until, cancel)
    signal?.addEventListener('abort', cancel, { once: true })
    ticket = state.sender.send(outgoing(context, question), encoded.body.length, (end) => {
      deadlines.remove(deadline)
      signal?.removeEventListener('abort', cancel)
      resolve(end)
    })
  })
  return { site, outcome, cancel }
}

function outgoing(context: Context, question: Question): Outgoing {
  const { encoded, until } = question
  const leftMs = Math.max(1, Math.ceil(until - context.runtime.now()))
  question.attempts += 1
  const timeout = question.timed ? [TIMEOUT, String(leftMs)] : []
  const headers = [...question.headers, ...timeout, ...(question.attempts > 1 ? [AGAIN, '1'] : [])]
  question.id ??= context.nextRequestId(boundPublisher(context))
  return { id: question.id, path: encoded.path, body: encoded.body, headers, ttlMs: leftMs }
}

function gone(context: Context, site: string): SendOutcome {
  return { outcome: 'unsent', error: new MessagingError('unavailable', reasons(context), { site }) }
}

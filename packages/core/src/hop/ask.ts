import type { MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { ask as askSites } from '../client/asking.js'
import { TIMEOUT } from '../client/attempt.js'
import type { Context } from '../client/context.js'
import type { Question } from '../client/question.js'
import { without } from '../client/retry.js'
import type { Routed } from '../client/sending.js'
import { failed } from './outcome.js'

const DEFAULT_MS = 30_000

/** A request of somebody else: one wire send, elsewhere only where nobody can have run it (R45). The result cancels it. */
export function ask(
  context: Context,
  { name, spec }: Routed,
  message: Outgoing,
  tell: (outcome: SendOutcome) => void,
): (error: MessagingError) => void {
  const { body, headers = [], id, path, ttlMs = DEFAULT_MS } = message
  const gaveUp = new AbortController()
  const question: Question = {
    rpc: { name, spec, idempotent: false },
    encoded: { path, body, lane: path },
    // What is left of the time is said anew, where it was said (R51).
    headers: without(headers, [TIMEOUT]),
    timed: headers.includes(TIMEOUT),
    signal: gaveUp.signal,
    id,
    until: context.runtime.now() + ttlMs,
    tried: new Set(),
    refusedBy: new Set(),
    attempts: 0,
    ambiguous: false,
    again: false,
  }
  let isOpen = true
  const end = (outcome: SendOutcome): void => {
    if (!isOpen) return
    isOpen = false
    context.asking.delete(question)
    tell(outcome)
  }
  context.asking.add(question)
  askSites(context, question).then(
    (reply) => end({ outcome: 'done', reply }),
    (error: unknown) => end(failed(error)),
  )
  return (error) => {
    gaveUp.abort()
    end({ outcome: question.attempts > 0 ? 'unknown' : 'unsent', error })
  }
}

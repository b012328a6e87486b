import { MessagingError, type SendOutcome } from '@spanwire/driver'

/** Nobody has it: refused if some site said so for good, else it never left (R51). */
export function failed(error: unknown): SendOutcome {
  const known = MessagingError.is(error) ? error : new MessagingError('unavailable', String(error), { cause: error })
  if (known.code === 'outcome-unknown') return { outcome: 'unknown', error: known }
  const isFinal = known.scope === 'message' && !known.retryable && known.code !== 'canceled' && known.code !== 'closed'
  return { outcome: isFinal ? 'refused' : 'unsent', error: known }
}

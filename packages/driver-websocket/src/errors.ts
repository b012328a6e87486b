import { type Code, MessagingError, type MessagingErrorOptions, type Scope } from '@spanwire/driver'

/** An error as it travels: code, scope, sentence, whether another try is worth it, and when. */
export type WireError = readonly [code: Code, scope: Scope, message: string, retryable?: boolean, retryAfterMs?: number]

export function fromWire([code, scope, message, retryable, retryAfterMs]: WireError): MessagingError {
  return new MessagingError(code, message, {
    scope,
    ...(retryable != null && { retryable }),
    ...(retryAfterMs != null && { retryAfterMs }),
  })
}

export function linkError(code: Code, message: string, options?: MessagingErrorOptions): MessagingError {
  return new MessagingError(code, message, { ...options, scope: 'link' })
}

/** Where a gateway does not say when. */
const AWAY_MS = 1_000

export function canceled(what: string): MessagingError {
  return new MessagingError('canceled', `${what} was canceled by its signal.`)
}

/** What a close code says: 3000 to 3499 come again, 3500 to 3999 do not; 3002 says when. */
export function closedWith(url: string, code: number, reason?: string): MessagingError {
  if (code === 3002) return sentAway(url, Number(reason?.split(' ')[1]))
  const terminal = code >= 3500 && code < 4000
  return linkError(
    code === 3500 || code === 3005 ? 'unauthenticated' : terminal ? 'invalid' : 'unavailable',
    `The gateway ${url} ended the connection (${code}${reason && ` ${reason}`}).`,
    { retryable: !terminal },
  )
}

function sentAway(url: string, ms: number): MessagingError {
  const retryAfterMs = Number.isFinite(ms) && ms > 0 ? ms : AWAY_MS
  const what = `Too many clients come to the gateway ${url} at once; it asks to come back in ${retryAfterMs} ms.`
  return linkError('overloaded', what, { retryAfterMs })
}

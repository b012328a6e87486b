import { MessagingError } from '@spanwire/driver'
import type { SessionEvent } from './state.js'

/** What happened, for operators. */
export function reasonOf(event: SessionEvent): string {
  if ('error' in event) return event.error.message
  if ('notice' in event) return event.notice.reason
  if (event.on === 'left') return 'it says nothing, and answers no second connection'
  return event.on === 'connected' ? `connected to ${event.endpoint}` : event.on
}

/** Where to look, for what only people can mend. */
export function withFix(error: MessagingError, site: string): MessagingError {
  const { cause, code, message, retryable } = error
  const isOurs = code === 'unauthenticated' || code === 'forbidden'
  const where = isOurs ? 'credentials' : code === 'unavailable' ? 'tls' : 'endpoints'
  const text = `${site} does not let us in: ${message.replace(/\.$/, '')}. Nothing moves elsewhere for that; check sites.${site}.${where}.`
  return new MessagingError(code, text, { scope: 'link', site, retryable, cause })
}

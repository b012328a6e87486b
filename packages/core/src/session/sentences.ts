import { type LinkEnd, MessagingError } from '@spanwire/driver'
import type { SessionEvent } from './state.js'

/** What happened, for operators. */
export function reasonOf(event: SessionEvent): string {
  if ('error' in event) return event.error.message
  if ('notice' in event) return event.notice.reason
  if (event.on === 'left') return 'it says nothing, and answers no second connection'
  return event.on === 'connected' ? `connected to ${event.endpoint}` : event.on
}

/** Why a link is no more. */
export function endOf(end: LinkEnd, site: string): MessagingError {
  return end.by === 'engine' ? end.error : new MessagingError('closed', `The link to ${site} was closed.`)
}

/** `isOurs`: all sites fell silent together. */
export function silence(site: string, forMs: number, isOurs: boolean): MessagingError {
  const why = isOurs ? 'nor has any other site: our own network, rather' : 'hung, or cut off from here'
  const text = `${site} has said nothing for ${Math.round(forMs)} ms: ${why}.`
  return new MessagingError('unavailable', text, { scope: 'link', site })
}

/** Where to look, for what only people can mend. */
export function withFix(error: MessagingError, site: string): MessagingError {
  const { cause, code, message, retryable } = error
  const isOurs = code === 'unauthenticated' || code === 'forbidden'
  const where = isOurs ? 'credentials' : code === 'unavailable' ? 'tls' : 'endpoints'
  const text = `${site} does not let us in: ${message.replace(/\.$/, '')}. Nothing moves for that; check sites.${site}.${where}.`
  return new MessagingError(code, text, { scope: 'link', site, retryable, cause })
}

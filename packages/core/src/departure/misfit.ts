import { type Capabilities, MessagingError } from '@spanwire/driver'
import { byteLength } from '../contract/utf8.js'
import type { Content } from './letter.js'

/** Why a channel can never take this message, decided before it gets an identity; `undefined`: it can. */
export function misfitOf(letter: Content, can: Capabilities, site: string): MessagingError | undefined {
  const { body, delayMs = 0, ttlMs } = letter
  // A character takes three bytes at most.
  const bytes = body.length * 3 > can.maxBytes ? byteLength(body) : 0
  if (bytes > can.maxBytes)
    return new MessagingError('too-large', `${bytes} bytes are more than the ${can.maxBytes} that ${site} takes`, {
      site,
    })
  if (delayMs > can.maxDelayMs) {
    const most = can.maxDelayMs > 0 ? `waits ${can.maxDelayMs} ms at most` : 'cannot delay'
    return new MessagingError('capability', `a delay of ${delayMs} ms: ${site} ${most} on this channel`, {
      site,
    })
  }
  if (ttlMs !== undefined && !can.ttl)
    return new MessagingError('capability', `a ttl: ${site} lets nothing expire on this channel`, {
      site,
    })
  return undefined
}

import type { Headers, Outgoing } from '@spanwire/driver'
import type { Letter } from './message.js'

/** Every copy but the first attempt carries it (R4). */
export const AGAIN = 'sw-again'

/** A letter as drivers take it; identity and body are the same on every copy. `id`: its own, or another one for the same identity. */
export function outgoing({ load, id: own }: Letter, again: boolean, id: string | undefined = own): Outgoing {
  const { path, body, key, delayMs, ttlMs } = load
  const headers: Headers = again ? [...load.headers, AGAIN, '1'] : load.headers
  // Made for every message: plain assignments, because conditional spreads make an object each.
  const message: { -readonly [Name in keyof Outgoing]: Outgoing[Name] } = { path, body }
  if (id !== undefined) message.id = id
  if (key !== undefined) message.key = key
  if (headers.length > 0) message.headers = headers
  if (delayMs !== undefined) message.delayMs = delayMs
  if (ttlMs !== undefined) message.ttlMs = ttlMs
  return message
}

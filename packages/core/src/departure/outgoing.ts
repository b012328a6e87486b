import type { Headers, Outgoing } from '@spanwire/driver'
import type { Letter } from './message.js'

/** Every copy but the first attempt carries it (R4). */
export const AGAIN = 'sw-again'

/** A letter as drivers take it. Made for every message: plain assignments, because conditional spreads make an object each. */
export function outgoing({ path, body, key, headers, delayMs, ttlMs, id }: Letter): Outgoing {
  const message: { -readonly [Name in keyof Outgoing]: Outgoing[Name] } =
    id === undefined ? { path, body } : { id, path, body }
  if (key !== undefined) message.key = key
  if (headers.length > 0) message.headers = headers
  if (delayMs !== undefined) message.delayMs = delayMs
  if (ttlMs !== undefined) message.ttlMs = ttlMs
  return message
}

/** Another copy of it: the same identity and body, under its own id or another one for the same identity. */
export function again(letter: Letter, id: string | undefined = letter.id): Outgoing {
  const headers: Headers = [...letter.headers, AGAIN, '1']
  return outgoing({ ...letter, id, headers })
}

import type { Headers, Outgoing } from '@spanwire/driver'
import type { Departure } from './message.js'

/** Every copy but the first attempt carries it (R4). */
export const AGAIN = 'sw-again'

/** A departure as drivers take it; identity and body are the same on every copy. */
export function outgoing(departure: Departure, again: boolean): Outgoing {
  const { load, id } = departure
  const headers: Headers = again ? [...load.headers, AGAIN, '1'] : load.headers
  return {
    path: load.path,
    body: load.body,
    ...(id === undefined ? undefined : { id }),
    ...(load.key === undefined ? undefined : { key: load.key }),
    ...(headers.length === 0 ? undefined : { headers }),
    ...(load.delayMs === undefined ? undefined : { delayMs: load.delayMs }),
    ...(load.ttlMs === undefined ? undefined : { ttlMs: load.ttlMs }),
  }
}

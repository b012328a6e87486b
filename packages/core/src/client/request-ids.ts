import { formatId } from '../arrival/identity.js'
import type { Publisher } from '../departure/publisher.js'

/** Ids of requests: one source per client, because requests have no order among each other. */
export function requestIds(publisher: Publisher): (bound: string | undefined) => string {
  let source: string | undefined
  let seq = 0
  return (bound) => {
    source ??= publisher.source(bound)
    seq += 1
    return formatId(source, seq, publisher.stamp())
  }
}

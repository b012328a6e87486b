import type { Broker } from './broker.js'

/** How long a subscription that was cancelled still takes messages, which are lost (3.2, 6). */
export const UNSUBSCRIBE_MS = 5

/**
 * After how many milliseconds a subscription takes messages; nothing tells the client. Of 40 events published 0, 1, 2, 5 ms
 * after the call 9, 21, 36, 40 arrived; of 20 stored ones and of 20 requests none at 0, a fifth at 2, all at 10 ms (3.2).
 */
export function settling({ quirks, chance }: Broker, kind: 'events' | 'store' | 'requests'): number {
  const { settleMs } = quirks()
  if (settleMs !== 'measured') return settleMs
  return kind === 'events' ? chance.between(0, 2.5) : chance.between(1, 8)
}

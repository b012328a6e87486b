import type { BareClient } from './api.js'
import { contextOf } from './context.js'

/**
 * Leaves every site as planned, as a page that goes into the back/forward cache must: no failure is counted, nothing is
 * dialed; everything that is attached stays and waits. Resolves when the links are gone; a second call waits for the first.
 */
export async function suspend(client: BareClient): Promise<void> {
  await Promise.all([...contextOf(client).sessions.values()].map((session) => session.suspend()))
}

/**
 * Comes back from {@link suspend}; dials at once what waits for its next dial, and asks the links that stand for a sign of
 * life. `maxRate`: until the next call, tables and
 * subscriptions of order `newest`, also those made meanwhile, get at most so many updates a second and path; absent: their own
 * rate again.
 */
export function resume(client: BareClient, { maxRate }: { readonly maxRate?: number } = {}): void {
  const context = contextOf(client)
  const { intakes, sessions } = context
  for (const session of sessions.values()) {
    if (session.state.at === 'idle') session.start()
    else session.retryNow()
    session.check()
  }
  context.maxRate = maxRate
  for (const intake of intakes) intake.pace?.()
}

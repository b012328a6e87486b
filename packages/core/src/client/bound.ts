import type { Context } from './context.js'

/** The publisher id that some link insists on, bound to whom it authenticated (R52); all other links take any. */
export function boundPublisher(context: Pick<Context, 'sessions'>): string | undefined {
  for (const session of context.sessions.values()) {
    const bound = session.link?.engine.publisher
    if (bound !== undefined) return bound
  }
  return undefined
}

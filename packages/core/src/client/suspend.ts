import type { Context } from './context.js'

/** Leaves all sites as planned; everything that is attached stays and waits. */
export async function suspend(context: Context): Promise<void> {
  await Promise.all([...context.sessions.values()].map((session) => session.suspend()))
}

/** Dials again, at once, and sets the pace of what only shows the newest. */
export function resume(context: Context, maxRate: number | undefined): void {
  for (const session of context.sessions.values()) {
    if (session.state.at === 'idle') session.start()
    else session.retryNow()
  }
  for (const intake of context.intakes) intake.pace?.(maxRate)
}

import type { Context } from './context.js'

/** Calls `look` when something about a channel changes at any site. The result ends it. */
export function watchSites({ sessions }: Context, channel: string, look: () => void): () => void {
  const stops = [...sessions.values()].map((session) => session.onChange(look, channel))
  return () => {
    for (const stop of stops) stop()
  }
}

/** Calls `stop` when the signal aborts, or at once if it has. The result ends it. */
export function follow(signal: AbortSignal | undefined, stop: () => unknown): () => void {
  const abort = (): void => void stop()
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  return () => signal?.removeEventListener('abort', abort)
}

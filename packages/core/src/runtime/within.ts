import { MessagingError } from '@spanwire/driver'
import type { Runtime } from './runtime.js'

export interface Limit {
  readonly runtime: Runtime
  readonly ms: number
  /** What the `timeout` says. */
  readonly late: string
}

/**
 * Runs something with a signal that aborts when `parent` does, or after `ms`. Then it is expected to reject; after `ms`
 * the rejection becomes a `timeout` with the given sentence.
 */
export async function within<T>(
  limit: Limit,
  parent: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cut = new AbortController()
  const follow = () => cut.abort(parent.reason)
  parent.addEventListener('abort', follow)
  if (parent.aborted) follow()
  try {
    return await inTime(limit, cut, run)
  } finally {
    parent.removeEventListener('abort', follow)
  }
}

/** The same for who has the controller of its own anyway: a signal is dear. */
export async function inTime<T>(
  limit: Limit,
  cut: AbortController,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let late: MessagingError | undefined
  const cancel = limit.runtime.after(limit.ms, () => {
    late = new MessagingError('timeout', limit.late)
    cut.abort(late)
  })
  try {
    return await run(cut.signal)
  } catch (error) {
    throw late ?? error
  } finally {
    cancel()
  }
}

import { MessagingError } from '@spanwire/driver'
import type { Runtime } from './runtime.js'

/**
 * Runs something with a signal that aborts when `parent` does, or after `ms`. Then it is expected to reject; after `ms`
 * the rejection becomes a `timeout` with the given sentence.
 */
export async function within<T>(
  limit: { readonly runtime: Runtime; readonly ms: number; readonly late: string },
  parent: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cut = new AbortController()
  const follow = () => cut.abort(parent.reason)
  let late: MessagingError | undefined
  const cancel = limit.runtime.after(limit.ms, () => {
    late = new MessagingError('timeout', limit.late)
    cut.abort(late)
  })
  parent.addEventListener('abort', follow)
  if (parent.aborted) follow()
  try {
    return await run(cut.signal)
  } catch (error) {
    throw late ?? error
  } finally {
    cancel()
    parent.removeEventListener('abort', follow)
  }
}

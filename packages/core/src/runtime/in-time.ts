import { MessagingError } from '@spanwire/driver'
import type { Runtime } from './runtime.js'

export interface Limit {
  readonly runtime: Runtime
  readonly ms: number
  /** What the `timeout` says. */
  readonly late: string
}

/**
 * Runs something with the controller's signal, aborted after `ms`. Then it is expected to reject; after `ms` the rejection
 * becomes a `timeout` with the given sentence. Who else aborts it keeps the controller.
 */
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

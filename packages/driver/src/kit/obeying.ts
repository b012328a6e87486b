import type { MessagingError } from '@spanwire/driver'

/** The outcome of the work, unless the signal aborts before: then it rejects with `why`. The work goes on, and nobody hears of it. */
export function obeying<T>(signal: AbortSignal, why: () => MessagingError, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      signal.removeEventListener('abort', onAbort)
      reject(why())
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

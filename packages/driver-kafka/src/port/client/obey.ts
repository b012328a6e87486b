import { setTimeout as elapse } from 'node:timers/promises'
import { KafkaError } from '../error.js'

/** The promise, or `ABORTED` as soon as the signal is. */
export function obey<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Why: the reason itself where it is one of ours. */
export function aborted(signal: AbortSignal): KafkaError {
  if (signal.reason instanceof KafkaError) return signal.reason
  return new KafkaError('ABORTED', 'The call was ended by the signal of its caller.', { cause: signal.reason })
}

export function closed(): KafkaError {
  return new KafkaError('CLOSED', 'The connections to Kafka were closed by us.')
}

/** Rejects with `ABORTED`. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await elapse(ms, undefined, { signal }).catch(() => {
    throw aborted(signal)
  })
}

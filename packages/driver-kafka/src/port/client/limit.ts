/** A signal of its own over others, which has to be lifted. */
export interface Limit {
  readonly signal: AbortSignal
  /** Lets go of what it listens to: it is not aborted any more. Again: does nothing. */
  lift(): void
}

/**
 * Aborted as the first of these is, with its reason, or when the time is over. What `AbortSignal.any` gives would be remembered by
 * each signal that it stands over for as long as that lives, and one that lasts until the client is closed would never forget.
 */
export function limitedBy(signals: readonly AbortSignal[], ms?: number): Limit {
  const limit = new AbortController()
  const timer = ms === undefined ? undefined : setTimeout(() => stop(new DOMException('late', 'TimeoutError')), ms)
  const listeners = signals.map((signal) => ({ signal, hear: () => stop(signal.reason) }))
  const lift = (): void => {
    clearTimeout(timer)
    for (const { signal, hear } of listeners) signal.removeEventListener('abort', hear)
  }
  const stop = (reason: unknown): void => {
    lift()
    limit.abort(reason)
  }
  for (const { signal, hear } of listeners) {
    if (signal.aborted) hear()
    else signal.addEventListener('abort', hear)
  }
  if (limit.signal.aborted) lift()
  return { signal: limit.signal, lift }
}

/** Runs with a signal that aborts after `ms`, and leaves no timer behind. */
export async function within<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), ms)
  try {
    return await run(deadline.signal)
  } finally {
    clearTimeout(timer)
  }
}

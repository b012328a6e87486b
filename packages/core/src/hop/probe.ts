import type { MessagingError } from '@spanwire/driver'
import type { HopLife } from './life.js'

interface Probed {
  probe(signal: AbortSignal): Promise<void>
}

/** Proves one of them at least, and gives the others up then. Rejects with what one of those said that failed. */
export async function probeAny(
  life: HopLife,
  all: readonly Probed[],
  signal: AbortSignal,
  error: (code: 'unavailable' | 'canceled') => MessagingError,
): Promise<void> {
  if (life.over) throw life.closed()
  if (all.length === 0) throw error('unavailable')
  const proven = new AbortController()
  const first = Promise.any(all.map((one) => one.probe(proven.signal))).catch((failures: unknown) => {
    throw failures instanceof AggregateError ? failures.errors[0] : failures
  })
  try {
    await life.within(first, signal, () => error('canceled'))
  } finally {
    proven.abort()
  }
}

import { setMaxListeners } from 'node:events'
import type { Client } from '@spanwire/core'
import { aborted } from '../request.js'
import { dialed } from '../session.js'
import { Lines } from './lines.js'
import type { UnderWay } from './under-way.js'

/** How long a command that was asked to end waits for what is under way. */
export const DRAIN_MS = 10_000
/** A site that hangs while it is dialed for the first time is not waited for any longer. */
const DIAL_MS = 5_000

/** One verify command from its start to its end. */
export interface Run {
  readonly lines: Lines
  /** Aborts when the command has to end: a signal came, nobody reads stdout any more, or `end` was called. */
  readonly signal: AbortSignal
  end(): void
}

/** Runs a command that others judge: lines on stdout, drained at the first signal, over at once at the second. `work` gives the summary. */
export async function judged(work: (run: Run) => Promise<object>): Promise<void> {
  const stop = new AbortController()
  // Whatever is in work at once waits for it: that is no leak.
  setMaxListeners(0, stop.signal)
  const end = (): void => stop.abort()
  const lines = new Lines(process.stdout, () => {
    console.error('stdout was closed by its reader: ending')
    end()
  })
  let signals = 0
  const onSignal = (signal: string): void => {
    signals += 1
    if (signals > 1) process.exit(1)
    console.error(`${signal}: draining, for up to ${DRAIN_MS} ms; a second one ends at once`)
    end()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  try {
    lines.print('shutdown_complete', await work({ lines, signal: stop.signal, end }))
  } finally {
    await lines.flush()
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
}

/** How the sites are once each is up or has failed to be. */
export async function sitesOf(client: Client, signal: AbortSignal): Promise<readonly object[]> {
  await dialed(client, AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]))
  return client.status().sites.map(({ engine, name, state }) => ({ name, engine, state }))
}

/** Closes the clients when all has settled. Each message has a deadline of its own; who asked us to end waits no longer than a drain takes. */
export async function settled(underWay: UnderWay, clients: readonly Client[], signal: AbortSignal): Promise<void> {
  await Promise.race([underWay.ended(), aborted(signal)])
  await Promise.all(clients.map((client) => client.close({ timeout: DRAIN_MS })))
  await underWay.ended()
}

/** Since `began`, by `performance.now()`, in ms. */
export function since(began: number): number {
  return Math.round((performance.now() - began) * 1_000) / 1_000
}

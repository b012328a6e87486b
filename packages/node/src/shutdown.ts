import type { Client, Duration } from '@spanwire/core'

export interface DrainOptions {
  /** Default SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[]
  /** How long the drain may take. Default 10 s. */
  readonly timeout?: Duration
  /** Called when the first signal came, before the drain; what it returns is awaited. */
  readonly before?: () => unknown
  /** Ends the process when the drain is through. Default `process.exit`. */
  readonly exit?: (code: number) => void
}

/** Closes the client in its phases when the process is asked to end, then exits with 0; a second signal exits at once with 1. The result takes the handlers back. */
export function drainOnSignal(client: Client, options: DrainOptions = {}): () => void {
  const { before, exit = (code) => process.exit(code), signals = ['SIGTERM', 'SIGINT'], timeout } = options
  let draining: Promise<void> | undefined
  const drain = async (): Promise<void> => {
    await before?.()
    await client.close(timeout === undefined ? {} : { timeout })
    exit(0)
  }
  const onSignal = (): void => {
    if (draining === undefined) draining = drain().catch(() => exit(1))
    else exit(1)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

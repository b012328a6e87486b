import { openDoor } from './door.js'
import type { Engines } from './engine.js'
import { type StartOptions, startEngines } from './start.js'

/** How often we look whether who started us is still there. */
const PARENT_MS = 250

/** Starts engines, says so in one line of JSON on stdout, and ends all of it when this process is told to, or its parent ends. */
export async function up(options: StartOptions): Promise<void> {
  const end = untilTold()
  try {
    await using engines = await startEngines({ ...options, signal: end.signal })
    const closeDoor = await openDoor(engines)
    process.stdout.write(`${JSON.stringify(readyLine(engines))}\n`)
    await end.told
    closeDoor()
  } catch (error) {
    if (error !== end.signal.reason) throw error
  } finally {
    end.forget()
  }
}

function readyLine({ sites }: Engines): unknown {
  return {
    ready: true,
    // Never to be taken for the engine itself.
    ...(sites.some(({ double }) => double) && { double: true }),
    sites: sites.map(({ name, engine, endpoints, nodes }) => ({
      name,
      engine,
      endpoints,
      nodes: nodes.map(({ pid, endpoint, dir }) => ({ pid, endpoint, dir })),
    })),
  }
}

interface End {
  readonly signal: AbortSignal
  readonly told: Promise<void>
  forget(): void
}

/** Signals are often sent twice, by a terminal and by who passes them on; the second one changes nothing. */
function untilTold(): End {
  const told = new AbortController()
  const tell = (): void => told.abort()
  const parent = process.ppid
  const timer = setInterval(() => process.ppid !== parent && tell(), PARENT_MS)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, tell)
  return {
    signal: told.signal,
    told: new Promise((resolve) => told.signal.addEventListener('abort', () => resolve(), { once: true })),
    forget: () => {
      clearInterval(timer)
      for (const name of signals) process.off(name, tell)
    },
  }
}

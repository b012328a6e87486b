import { MessagingError } from '@spanwire/driver'
import type { EngineName, Engines } from './engine.js'
import { installEngine } from './install.js'
import type { KafkaSecurity } from './kafka-security.js'
import type { NatsServer } from './nats-install.js'
import { Run } from './run.js'
import { makeRunFolder } from './run-folder.js'
import { type WorkOptions, workOf } from './work.js'

/** Three ports a node, of a thousand. */
export const MAX_COUNT = 16

export interface StartOptions extends WorkOptions {
  readonly engine: EngineName
  /** How many sites, each for itself, 1 to 16. Default 1. */
  readonly sites?: number
  /** How many nodes each site has, 1 to 16; more than one are a cluster. Default 1, and only `nats` and `kafka` have more. */
  readonly nodes?: number
  /** Which server of `nats`: `newest` (default) or `debian`. */
  readonly server?: NatsServer
  /** Whether the nodes of `nats` have JetStream. Default: they do. */
  readonly jetstream?: boolean
  /**
   * More lines for each `nats` or `kafka` node's configuration, after ours; paths in them are seen from the node's folder. For a double
   * of `kubemq` its quirks as JSON.
   */
  readonly config?: string
  /** What clients of `kafka` need to be let in. Default: nothing. */
  readonly security?: KafkaSecurity
}

/**
 * Installs what is missing, starts the sites on free ports of the loopback, and resolves when every node has answered its
 * protocol. If one does not, all are ended and it rejects. Nodes end with this process, however that ends; from a worker
 * thread, with that thread.
 */
export async function startEngines(options: StartOptions): Promise<Engines> {
  check(options)
  const { signal } = workOf(options)
  const installed = await installEngine(options.engine, options)
  const run = new Run(await makeRunFolder())
  const stop = (): void => void run.stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const { path: program, double } = installed
    await run.start({ ...options, program, ...(double && { double }) })
    signal.throwIfAborted()
    return run
  } catch (error) {
    await run.stop()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function check({ engine, nodes = 1, sites = 1 }: StartOptions): void {
  if (process.platform === 'win32')
    throw new MessagingError('capability', 'engines are started on Linux and macOS only')
  for (const [what, count] of Object.entries({ sites, nodes }))
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
      throw new MessagingError('invalid', `${what} is ${count}: a whole number from 1 to ${MAX_COUNT}`)
  if (engine !== 'nats' && engine !== 'kafka' && nodes > 1)
    throw new MessagingError(
      'invalid',
      `nodes is ${nodes}: ${article(engine)} site is one process; ask for more sites instead`,
    )
}

function article(engine: EngineName): string {
  return /^[aeiou]/.test(engine) ? `an ${engine}` : `a ${engine}`
}

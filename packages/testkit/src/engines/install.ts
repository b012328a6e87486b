import { MessagingError } from '@spanwire/driver'
import { installEmbedded } from './embedded.js'
import type { EngineName, InstalledEngine } from './engine.js'
import { installKafka } from './kafka-install.js'
import { installKubemq } from './kubemq.js'
import { installNats, type NatsServer } from './nats-install.js'
import { type Work, type WorkOptions, workOf } from './work.js'

export interface InstallOptions extends WorkOptions {
  /** Which server of `nats`: `newest` (default) or `debian`, the one of Debian's package. */
  readonly server?: NatsServer
}

/** The engines that this version starts. */
export const engineNames: readonly EngineName[] = ['nats', 'kafka', 'kubemq', 'embedded']

/**
 * Sees to it that the engine's program is in the cache, whole, and of the version that is asked for. What is missing is
 * downloaded or built, by one process at a time; others wait for it.
 */
export async function installEngine(engine: EngineName, options: InstallOptions = {}): Promise<InstalledEngine> {
  const work = workOf(options)
  try {
    return await install(engine, options.server ?? 'newest', work)
  } catch (error) {
    // What was interrupted says so each in its own way.
    throw work.signal.aborted ? work.signal.reason : error
  }
}

async function install(engine: EngineName, server: NatsServer, work: Work): Promise<InstalledEngine> {
  switch (engine) {
    case 'nats':
      return await installNats(server, work)
    case 'kafka':
      return await installKafka(work)
    case 'kubemq':
      return await installKubemq(work)
    case 'embedded':
      return await installEmbedded()
    default:
      throw unknownEngine(engine satisfies never)
  }
}

/** The sentence for a name that is no engine of this version. */
export function unknownEngine(name: string): MessagingError {
  return new MessagingError(
    'invalid',
    `engine "${name}" is not one that this version starts: ${engineNames.join(', ')}`,
  )
}

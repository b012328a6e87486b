import { type EngineSite, installEngine, type StartOptions, startEngines } from '@spanwire/testkit/engines'
import { beforeAll } from 'vitest'

/** The first time the broker is downloaded. */
const INSTALL_MS = 600_000

/** A site of real brokers for all tests of a file. */
export function siteOf(options: Partial<StartOptions> = {}): () => EngineSite {
  let site: EngineSite | undefined
  beforeAll(async () => {
    await installEngine('kafka')
    const engines = await startEngines({ engine: 'kafka', ...options })
    site = engines.sites[0]
    return () => engines.stop()
  }, INSTALL_MS)
  return () => {
    if (site === undefined) throw new Error('one site was started')
    return site
  }
}

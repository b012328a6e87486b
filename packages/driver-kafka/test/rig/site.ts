import { type EngineSite, type StartOptions, startEngines } from '@spanwire/testkit/engines'
import { beforeAll } from 'vitest'

/** A site of real brokers for all tests of a file. */
export function siteOf(options: Partial<StartOptions> = {}): () => EngineSite {
  let site: EngineSite | undefined
  beforeAll(async () => {
    const engines = await startEngines({ engine: 'kafka', ...options })
    site = engines.sites[0]
    return () => engines.stop()
  }, 120_000)
  return () => {
    if (site === undefined) throw new Error('one site was started')
    return site
  }
}

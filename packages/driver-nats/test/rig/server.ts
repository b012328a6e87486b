import { type EngineNode, type EngineSite, type StartOptions, startEngines } from '@spanwire/testkit/engines'
import { onTestFinished } from 'vitest'

/** A site of real servers that lives as long as the test. */
async function site(options: Partial<StartOptions> = {}): Promise<EngineSite> {
  const engines = await startEngines({ engine: 'nats', ...options })
  onTestFinished(() => engines.stop())
  const [only] = engines.sites
  if (only === undefined) throw new Error('one site was started')
  return only
}

/** One real server that lives as long as the test. */
export async function server(config = '', options: Partial<StartOptions> = {}): Promise<EngineNode> {
  const [node] = (await site({ config, ...options })).nodes
  if (node === undefined) throw new Error('one node was started')
  return node
}

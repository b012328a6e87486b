import { type EngineNode, startEngines } from '@spanwire/testkit/engines'
import type { Quirks } from '@spanwire/testkit/kubemq'

const address = process.env['KUBEMQ_ADDRESS']

/**
 * Whom these tests speak to. `KUBEMQ_ADDRESS`: a server that runs and is not ours, of which nothing is asked that would harm others.
 * `KUBEMQ_BIN`: the real server, started and restarted here. Neither: the double.
 */
export const peer: 'server by address' | 'community server' | 'double' = address
  ? 'server by address'
  : process.env['KUBEMQ_BIN']
    ? 'community server'
    : 'double'

/** It is started for the tests, so that they may stop it. */
export const isOurs: boolean = peer !== 'server by address'

/** Why a test cannot be run on a server that is not ours. */
export const NOT_OURS = 'the server is not ours to stop or to set: with KUBEMQ_BIN one is started for it'

export interface Peer {
  readonly endpoint: string
  /** The process; absent: it is not ours. */
  readonly node?: EngineNode
  dispose(): Promise<void>
}

/** `quirks` are the double's. */
export async function startPeer(quirks: Partial<Quirks> = {}): Promise<Peer> {
  if (address) return { endpoint: address, dispose: async () => undefined }
  const engines = await startEngines({ engine: 'kubemq', config: JSON.stringify(quirks) })
  const node = engines.sites[0]?.nodes[0]
  if (node === undefined) throw new Error('a site has a node')
  return { endpoint: node.endpoint, node, dispose: () => engines.stop() }
}

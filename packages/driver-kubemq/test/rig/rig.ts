import type { Rig } from '@spanwire/testkit'
import { startEngines } from '@spanwire/testkit/engines'
import { CALM } from '@spanwire/testkit/kubemq'
import { Relay, silentEndpoint } from '@spanwire/testkit/network'
import { kubemq } from '../../src/index.js'
import { foreign } from './foreign.js'
import { stop } from './stop.js'
import { tlsFaults } from './tls.js'

/** One server behind a relay: the real one when `KUBEMQ_BIN` is set, else the double. */
export async function kubemqRig(): Promise<Rig> {
  const [engines, tls] = await Promise.all([
    startEngines({ engine: 'kubemq', config: JSON.stringify(CALM) }),
    tlsFaults(),
  ])
  const node = engines.sites[0]?.nodes[0]
  if (node === undefined) throw new Error('a site has a node')
  const port = Number(node.endpoint.split(':')[1])
  const relay = await Relay.listen({ target: port })
  const down = async (act: () => Promise<void>): Promise<void> => {
    relay.target = 0
    await act()
  }
  return {
    driver: kubemq(),
    endpoints: [`127.0.0.1:${relay.port}`],
    credentials: { by: 'token', token: 'the-token-of-tests' },
    patienceMs: 20_000,
    leaseMs: 1_000,
    unsettledAtKill: 'lost',
    // Most of it is gRPC's own.
    bytesPerMessage: 14_000,
    tlsFaults: tls.tlsFaults,
    silentEndpoint,
    foreign: foreign(node.endpoint),
    kill: () => down(() => node.kill()),
    terminate: () => down(() => node.terminate()),
    restart: async (how) => {
      await node.restart(how)
      relay.target = port
    },
    hang: () => stop(node),
    heal: async () => node.heal(),
    cut: async () => relay.cut(),
    resources: async () => ({ connections: relay.connections }),
    dispose: async () => {
      await relay.close()
      await Promise.all([engines.stop(), tls.dispose()])
    },
  }
}

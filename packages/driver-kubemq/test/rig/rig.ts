import type { Rig } from '@spanwire/testkit'
import { Relay, silentEndpoint } from '@spanwire/testkit/network'
import { kubemq } from '../../src/index.js'
import { foreign } from './foreign.js'
import { Node } from './server.js'
import { stop } from './stop.js'
import { tlsFaults } from './tls.js'

/** One server, behind a relay. */
export async function kubemqRig(): Promise<Rig> {
  const [node, tls] = await Promise.all([Node.start(), tlsFaults()])
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
    patienceMs: 10_000,
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
      await Promise.all([node.stop(), tls.dispose()])
    },
  }
}

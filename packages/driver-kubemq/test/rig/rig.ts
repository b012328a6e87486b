import type { Rig } from '@spanwire/testkit'
import type { EngineNode } from '@spanwire/testkit/engines'
import { CALM } from '@spanwire/testkit/kubemq'
import { Relay, silentEndpoint } from '@spanwire/testkit/network'
import { stop } from '../../../driver/test/stop.js'
import { kubemq } from '../../src/index.js'
import { foreign } from './foreign.js'
import { NOT_OURS, startPeer } from './peer.js'
import { besideOthers } from './skips.js'
import { tlsFaults } from './tls.js'

/** One server: ours behind a relay, which can be killed; or one by address, which cannot. */
export async function kubemqRig(): Promise<Rig> {
  const { endpoint, node, dispose } = await startPeer(CALM)
  const common = {
    driver: kubemq(),
    credentials: { by: 'token', token: 'the-token-of-tests' },
    patienceMs: 20_000,
    unsettledAtKill: 'lost',
    alone: besideOthers,
    // Most of it is gRPC's own.
    bytesPerMessage: 14_000,
    silentEndpoint,
    foreign: foreign(endpoint),
  } satisfies Partial<Rig>
  if (!node) return { ...common, endpoints: [endpoint], lacks: NOT_OURS, dispose }
  const [relay, tls] = await Promise.all([Relay.listen({ target: portOf(node) }), tlsFaults()])
  return {
    ...common,
    ...ours(node, relay),
    tlsFaults: tls.tlsFaults,
    dispose: async () => {
      await relay.close()
      await Promise.all([dispose(), tls.dispose()])
    },
  }
}

function ours(node: EngineNode, relay: Relay) {
  // While it is down nobody is let through to whoever has its port.
  const down = async (act: () => Promise<void>): Promise<void> => {
    relay.target = 0
    await act()
  }
  return {
    endpoints: [`127.0.0.1:${relay.port}`],
    kill: () => down(() => node.kill()),
    terminate: () => down(() => node.terminate()),
    restart: async (how) => {
      await node.restart(how)
      relay.target = portOf(node)
    },
    hang: () => stop(node),
    heal: async () => node.heal(),
    cut: async () => relay.cut(),
    resources: async () => ({ connections: relay.connections }),
  } satisfies Partial<Rig>
}

function portOf({ endpoint }: EngineNode): number {
  return Number(endpoint.split(':')[1])
}

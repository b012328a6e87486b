import { createClient } from '@spanwire/core'
import { describeClient } from '@spanwire/testkit'
import { kubemq } from '../src/index.js'
import { isOurs, type Peer, peer, startPeer } from './rig/peer.js'

const here = { environment: 'on-prem' } as const

let server: Promise<Peer> | undefined

function started(): Promise<Peer> {
  server ??= startPeer()
  return server
}

async function restart(): Promise<void> {
  const { node } = await started()
  await node?.terminate()
  await node?.restart()
}

describeClient(`kubemq (${peer})`, {
  client: async () =>
    createClient({
      here,
      sites: { one: { location: here, driver: kubemq(), endpoints: [(await started()).endpoint] } },
    }),
  ...(isOurs && { restart }),
  dispose: async () => (await server)?.dispose(),
  can: { groups: false, latest: true, keyed: false, noResponders: false, tooLarge: false },
})

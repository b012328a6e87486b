import { createClient } from '@spanwire/core'
import { describeClient } from '@spanwire/testkit'
import { type Engines, startEngines } from '@spanwire/testkit/engines'
import { kubemq } from '../src/index.js'

const here = { environment: 'on-prem' } as const

let engines: Promise<Engines> | undefined

async function node() {
  engines ??= startEngines({ engine: 'kubemq' })
  const one = (await engines).sites[0]?.nodes[0]
  if (one === undefined) throw new Error('a site has a node')
  return one
}

/** Clients that reach each other over one server: the real one when `KUBEMQ_BIN` is set, else the double. */
describeClient(`kubemq (${process.env['KUBEMQ_BIN'] ? 'community server' : 'double'})`, {
  client: async () =>
    createClient({
      here,
      sites: { one: { location: here, driver: kubemq(), endpoints: [(await node()).endpoint] } },
    }),
  restart: async () => {
    const one = await node()
    await one.terminate()
    await one.restart()
  },
  dispose: async () => (await engines)?.stop(),
  can: { groups: false, latest: true, keyed: false, noResponders: false, tooLarge: false },
})

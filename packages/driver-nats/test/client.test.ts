import { createClient } from '@spanwire/core'
import { type ClientHarness, describeClient } from '@spanwire/testkit'
import { type Engines, type StartOptions, startEngines } from '@spanwire/testkit/engines'
import { nats } from '../src/index.js'

const here = { environment: 'on-prem' } as const

/** Clients that reach each other over one real server. */
function harness(server: NonNullable<StartOptions['server']>): ClientHarness {
  let engines: Promise<Engines> | undefined
  const site = async () => {
    engines ??= startEngines({ engine: 'nats', server })
    const [one] = (await engines).sites
    if (one === undefined) throw new Error('one site was started')
    return one
  }
  return {
    client: async () =>
      createClient({
        here,
        sites: { one: { location: here, driver: nats(), endpoints: (await site()).endpoints } },
      }),
    restart: async () => {
      const [node] = (await site()).nodes
      await node?.kill()
      await node?.restart()
    },
    dispose: async () => (await engines)?.stop(),
    can: { keyed: false, delay: server === 'newest' },
  }
}

for (const server of ['newest', 'debian'] as const) describeClient(`nats (${server})`, harness(server))

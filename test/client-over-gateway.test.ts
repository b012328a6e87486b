import { type Client, createClient, hop } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { allowAll, anonymous, createGateway, type Gateway, type GatewayOptions } from '@spanwire/gateway'
import { type ClientHarness, describeClient } from '@spanwire/testkit'
import { WebSocket } from 'ws'

const here = { environment: 'on-prem' } as const

/** Clients that reach each other through a real gateway over real sockets. */
function through(upstream: () => GatewayOptions['upstream'], close: () => Promise<void>): ClientHarness {
  let gateway: Promise<Gateway> | undefined
  return {
    client: async () => {
      gateway ??= createGateway({
        upstream: upstream(),
        listen: { port: 0 },
        authenticate: anonymous,
        authorize: allowAll,
      })
      const { url } = await gateway
      return createClient({
        here,
        sites: { one: { location: here, driver: websocket({ WebSocket }), endpoints: [url] } },
      })
    },
    dispose: async () => {
      await (await gateway)?.close()
      await close()
    },
  }
}

const engine = createEngine()
const link = (): ReturnType<ReturnType<typeof memory>['connect']> =>
  memory(engine).connect(
    ['memory'],
    { client: 'gateway', nonce: 'AAAAAAAAAAAAAAAA', missing: 'create', credentials: async () => ({ by: 'none' }) },
    new AbortController().signal,
  )

describeClient(
  'a gateway over one engine',
  through(
    () => link,
    async () => undefined,
  ),
)

let behind: Client | undefined
describeClient(
  'a gateway over a client of two sites',
  through(
    () => {
      const [a, b] = [createEngine(), createEngine()]
      behind = createClient({
        here,
        sites: {
          a: { location: here, driver: memory(a), endpoints: ['a'] },
          b: { location: { environment: 'cloud' }, driver: memory(b), endpoints: ['b'] },
        },
      })
      return hop(behind)
    },
    async () => behind?.close(),
  ),
)

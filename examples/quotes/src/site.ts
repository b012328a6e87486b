import type { ConnectOptions, Driver } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import { type Authorize, createGateway, type Principal } from '@spanwire/gateway'
import { endWithParent, given, tellParent } from './life.js'

/**
 * One site's gateway, and its engine: in this process' memory, where everything in it dies with it, or a server of its own.
 * Started by start.js.
 */

const name = given('SITE')
const tokens = new Map([
  [given('SERVICE_TOKEN'), 'service'],
  [given('PAGE_TOKEN'), 'page'],
])
/** Where the site's engine is; empty: in this process. */
const endpoint = given('ENDPOINT')
const driver = await driverOf(given('ENGINE'))
const options: ConnectOptions = {
  client: `gateway-${name}`,
  nonce: 'A'.repeat(16),
  missing: 'create',
  credentials: async () => ({ by: 'none' }),
}

/** Services may do everything; pages look, ask and order. What is not named is refused. */
const PAGE_MAY: ReadonlySet<string> = new Set([
  'subscribe quotes',
  'subscribe order-events',
  'request pricing.price',
  'send orders',
])
const authorize: Authorize = (subject, verb, channel) => subject === 'service' || PAGE_MAY.has(`${verb} ${channel}`)

/** Only who needs an engine's client loads it. */
async function driverOf(engine: string): Promise<Driver> {
  switch (engine) {
    case 'nats':
      return (await import('@spanwire/driver-nats')).nats()
    case 'kubemq':
      return (await import('@spanwire/driver-kubemq')).kubemq()
    case 'kafka':
      return (await import('@spanwire/driver-kafka')).kafka()
    default:
      return memory(createEngine({ name }))
  }
}

function authenticate(token: string | undefined): Principal {
  const subject = tokens.get(token ?? '')
  if (subject === undefined) throw new Error('unknown token')
  return { subject }
}

const gateway = await createGateway({
  upstream: () => driver.connect([endpoint || name], options, AbortSignal.timeout(5_000)),
  // Behind the network that start.js has before it, which has the port that clients know.
  listen: { port: 0 },
  authenticate,
  authorize,
  origins: given('ORIGINS').split(' '),
  cluster: name,
})
endWithParent(() => gateway.close())
tellParent({ type: 'listening', port: gateway.port })

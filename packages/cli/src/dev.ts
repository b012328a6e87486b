import { type Client, hop, MessagingError } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { allowAll, anonymous, createGateway, type Gateway, type GatewayOptions } from '@spanwire/gateway'
import { aborted } from './request.js'
import { open } from './session.js'

interface DevOptions {
  readonly port: string
  readonly host: string
  readonly name: string
  readonly origin?: string[]
  readonly config?: string
}

/** Services come here as well as pages, and read very many paths each. */
const LIMITS = { channels: 20_000, receptions: 20_000 }

/** Runs a site until the process is asked to end. */
export async function dev(options: DevOptions): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  const { client, upstream } = options.config === undefined ? embedded() : await behind(options.config)
  const gateway = await listen(options, upstream)
  try {
    console.log(`site ${options.name} pid ${process.pid} ${gateway.url}`)
    await aborted(stop.signal)
  } finally {
    await gateway.close({ drainMs: 200 })
    await client?.close()
  }
}

interface Upstream {
  readonly client: Client | undefined
  readonly upstream: GatewayOptions['upstream']
}

/** An engine in this process; what it holds ends with it. */
function embedded(): Upstream {
  const driver = memory(createEngine())
  const connect = (missing: 'create' | 'refuse') => () =>
    driver.connect(
      ['memory'],
      { client: `dev-${missing}`, nonce: 'spanwire-dev----', missing, credentials: async () => ({ by: 'none' }) },
      new AbortController().signal,
    )
  return { client: undefined, upstream: { create: connect('create'), refuse: connect('refuse') } }
}

/** The sites of a configuration, seen through one gateway. */
async function behind(config: string): Promise<Upstream> {
  const { client } = await open(config)
  return { client, upstream: hop(client) }
}

async function listen({ host, name, origin = [], port }: DevOptions, upstream: Upstream['upstream']): Promise<Gateway> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new MessagingError('invalid', `--port ${port}: a number from 0 to 65535`)
  try {
    return await createGateway({
      upstream,
      listen: { port: Number(port), host },
      authenticate: anonymous,
      authorize: allowAll,
      origins: origin,
      cluster: name,
      limits: LIMITS,
      onBusy: ({ perSecond, sentAway, waiting }) =>
        console.error(
          `site ${name}: too many clients come at once; ${sentAway} were told to come back later, ${waiting} wait, ${perSecond} a second get in`,
        ),
    })
  } catch (cause) {
    const { code } = cause as { code?: string }
    if (code !== 'EADDRINUSE') throw cause
    throw new MessagingError(
      'conflict',
      `port ${port} of ${host} is in use: end what listens there, or choose another with --port (0: any free one)`,
      { cause },
    )
  }
}

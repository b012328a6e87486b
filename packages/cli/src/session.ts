import { type Client, type Contract, MessagingError } from '@spanwire/core'
import { memory } from '@spanwire/driver-memory'
import { checkedWebsocket } from '@spanwire/driver-websocket'
import { type Config, connect, contractOf, loadConfig } from '@spanwire/node'
import { WebSocket } from 'ws'

export interface Opened {
  readonly client: Client
  readonly config: Config
}

/** A client from a configuration file. */
export async function open(file: string | undefined): Promise<Opened> {
  const config = await loadConfig(file)
  return { config, client: await clientOf(config) }
}

/** A client of its own, whose troubles are told on stderr. The drivers that come with the command need no installation. */
export async function clientOf(config: Config): Promise<Client> {
  const drivers = {
    memory: (options: unknown) => memory(options as object),
    // Only who has a site on an engine loads its client.
    nats: async (options: unknown) => (await import('@spanwire/driver-nats')).nats(options as object),
    kafka: async (options: unknown) => (await import('@spanwire/driver-kafka')).kafka(options as object),
    kubemq: async (options: unknown) => (await import('@spanwire/driver-kubemq')).kubemq(options as object),
    websocket: (options: unknown) => checkedWebsocket({ WebSocket, ...(options as object) }),
  }
  const client = await connect(config, { drivers })
  void heed(client)
  return client
}

/** Tells what somebody has to do something about, though the client goes on. */
async function heed(client: Client): Promise<void> {
  for await (const event of client.watch()) {
    if (event.type === 'warning') console.error(event.message)
    else if (event.type === 'site' && event.to === 'disabled')
      console.error(`${event.site} is disabled: ${event.reason}`)
  }
}

/** The contract of a channel, of a kind that the command works on. */
export function channel<Kind extends Contract['kind']>(
  config: Config,
  name: string,
  ...kinds: readonly Kind[]
): Extract<Contract, { kind: Kind }> {
  const contract = contractOf(config, name)
  if (kinds.some((kind) => kind === contract.kind)) return contract as Extract<Contract, { kind: Kind }>
  throw new MessagingError(
    'invalid',
    `channel "${name}" is a ${contract.kind}; this command works on a ${kinds.join(' or a ')}`,
  )
}

/** Resolves when each site is up or has failed to be once, or the signal aborts. */
export async function dialed(client: Client, signal: AbortSignal): Promise<void> {
  const isSettled = (): boolean =>
    client.status().sites.every((site) => site.state !== 'idle' && (site.state !== 'dialing' || site.attempt > 1))
  const events = client.watch({ signal })
  if (isSettled()) return
  for await (const _ of events) if (isSettled()) return
}

/** Runs until the work is done or the process is asked to end, then drains. */
export async function during(client: Client, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    await work(stop.signal)
  } finally {
    await client.close()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

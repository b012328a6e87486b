import { type Client, type Contract, MessagingError } from '@spanwire/core'
import { memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { type Config, connect, contractOf, loadConfig } from '@spanwire/node'
import { WebSocket } from 'ws'

export interface Opened {
  readonly client: Client
  readonly config: Config
}

/** A client from the configuration. The drivers that come with the command need no installation. */
export async function open(file: string | undefined): Promise<Opened> {
  const config = await loadConfig(file)
  const drivers = {
    memory: (options: unknown) => memory(options as object),
    websocket: (options: unknown) => websocket({ WebSocket, ...(options as object) }),
  }
  return { config, client: await connect(config, { drivers }) }
}

/** The contract of a channel, of the kind that the command works on. */
export function channel<Kind extends Contract['kind']>(
  config: Config,
  name: string,
  kind: Kind,
): Extract<Contract, { kind: Kind }> {
  const contract = contractOf(config, name)
  if (contract.kind === kind) return contract as Extract<Contract, { kind: Kind }>
  throw new MessagingError('invalid', `channel "${name}" is a ${contract.kind}; this command works on a ${kind}`)
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

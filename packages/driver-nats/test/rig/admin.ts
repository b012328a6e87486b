import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { EngineNode } from '@spanwire/testkit/engines'
import { ADMIN } from './accounts.js'

/** A connection of nats.js itself, as the administrator where a server asks for one: what is done behind the driver's back. */
export async function asAdmin<T>(node: EngineNode, act: (nc: NatsConnection) => Promise<T>): Promise<T> {
  const nc = await connect({ servers: node.endpoint, ...ADMIN, reconnect: false, timeout: 5_000 })
  try {
    return await act(nc)
  } finally {
    await nc.close()
  }
}

/** One call of the JetStream API: `STREAM.INFO.orders`. Rejects with what the server says against it. */
export function api<T>(node: EngineNode, call: string, body: object = {}): Promise<T> {
  return asAdmin(node, async (nc) => {
    const reply = await nc.request(`$JS.API.${call}`, JSON.stringify(body), { timeout: 5_000 })
    const answer = reply.json<T & { readonly error?: { readonly description: string } }>()
    if (answer.error !== undefined) throw new Error(`${call}: ${answer.error.description}`)
    return answer
  })
}

export interface Led {
  readonly cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly name: string; readonly current: boolean }[]
  }
}

export interface StreamInfo extends Led {
  readonly config: { readonly name: string; readonly subjects?: readonly string[] }
  readonly state: { readonly messages: number; readonly first_seq: number; readonly last_seq: number }
}

export interface ConsumerInfo extends Led {
  readonly name: string
  readonly num_pending: number
  readonly num_ack_pending: number
}

export async function streamsAt(node: EngineNode): Promise<readonly StreamInfo[]> {
  const { streams } = await api<{ readonly streams?: readonly StreamInfo[] | null }>(node, 'STREAM.LIST')
  return streams ?? []
}

export async function consumersAt(node: EngineNode, stream: string): Promise<readonly ConsumerInfo[]> {
  const answer = await api<{ readonly consumers?: readonly ConsumerInfo[] | null }>(node, `CONSUMER.LIST.${stream}`)
  return answer.consumers ?? []
}

/** One of the server's monitoring pages. */
export async function monitored<T>(node: EngineNode, page: string): Promise<T> {
  if (node.monitor === undefined) throw new Error(`${node.name} has no monitoring page`)
  const answer = await fetch(`http://${node.monitor}/${page}`, { headers: { connection: 'close' } })
  return (await answer.json()) as T
}

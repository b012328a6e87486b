import type {
  ChannelSpec,
  ConnectOptions,
  Delivery,
  Flow,
  Link,
  Outgoing,
  Reception,
  SendOutcome,
} from '@spanwire/driver'
import { type EngineNode, startEngines } from '@spanwire/testkit/engines'
import { type KubemqDouble, type Quirks, startKubemqDouble } from '@spanwire/testkit/kubemq'
import { onTestFinished } from 'vitest'
import { kubemq } from '../../src/index.js'

export const WIDE: Flow = { messages: 1_000, bytes: 64 << 20 }

const PATIENCE_MS = 15_000
let links = 0

/** A server that lives as long as the test: the real one when `KUBEMQ_BIN` is set, else the double. */
export async function server(): Promise<EngineNode> {
  const engines = await startEngines({ engine: 'kubemq' })
  onTestFinished(() => engines.stop())
  const node = engines.sites[0]?.nodes[0]
  if (node === undefined) throw new Error('a site has a node')
  return node
}

/** The double with one fault made certain, or taken away. */
export async function double(quirks: Partial<Quirks>): Promise<KubemqDouble> {
  const one = await startKubemqDouble({ quirks })
  onTestFinished(async () => one[Symbol.asyncDispose]())
  return one
}

/** A link that is cut when the test ends. */
export async function linkTo(endpoint: string, options: Partial<ConnectOptions> = {}): Promise<Link> {
  const how: ConnectOptions = {
    client: `test-${links++}`,
    nonce: 'kubemqDriverTest',
    missing: 'create',
    credentials: async () => ({ by: 'none' }),
    ...options,
  }
  const link = await kubemq().connect([endpoint], how, soon())
  onTestFinished(() => link.close(AbortSignal.abort()))
  return link
}

export const stored = (name: string): ChannelSpec => ({
  name,
  params: 1,
  kind: 'topic',
  keep: 'durable',
  latest: false,
})
export const live = (name: string): ChannelSpec => ({ name, params: 1, kind: 'topic', keep: 'live', latest: false })
export const queue = (name: string): ChannelSpec => ({ name, params: 1, kind: 'queue', leaseMs: 30_000 })
export const rpc = (name: string): ChannelSpec => ({ name, params: 1, kind: 'rpc' })

export function soon(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS)
}

/** Sends, and gives all outcomes in the order of the batch. */
export async function sendAll(link: Link, spec: ChannelSpec, batch: readonly Outgoing[]): Promise<SendOutcome[]> {
  const channel = await link.open(spec, soon())
  const outcomes: SendOutcome[] = []
  let left = batch.length
  await new Promise<void>((resolve) => {
    channel.send(batch, (index, outcome) => {
      outcomes[index] = outcome
      left -= 1
      if (left === 0) resolve()
    })
  })
  return outcomes
}

/** Messages `0`, `1`, ... on one path. */
export function numbered(count: number, from = 0): Outgoing[] {
  return Array.from({ length: count }, (_, at) => ({ path: 'a', body: String(from + at) }))
}

export function textOf({ body }: Pick<Delivery, 'body'>): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

/** Pulls until so many have come, and lets `each` have them. */
export async function pull(
  reception: Reception,
  count: number,
  each: (one: Delivery) => Promise<void> | undefined = () => undefined,
): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const batch = await reception.next()
    if (batch === undefined) throw new Error(`the reception ended after ${texts.length} of ${count}`)
    texts.push(...batch.deliveries.map(textOf))
    await Promise.all(batch.deliveries.map(async (one) => each(one)))
  }
  return texts
}

/** `0` to `count - 1`. */
export function texts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at))
}

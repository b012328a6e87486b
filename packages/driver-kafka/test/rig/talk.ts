import {
  type Channel,
  type ChannelSpec,
  type ConnectOptions,
  type Credentials,
  type Delivery,
  type Endpoint,
  type Flow,
  type Link,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
} from '@spanwire/driver'
import { onTestFinished } from 'vitest'
import { type KafkaOptions, kafka } from '../../src/index.js'

/** Beyond this a wait has failed. */
const PATIENCE_MS = 15_000
export const FLOW: Flow = { messages: 1_000, bytes: 16 << 20 }

export interface Dial extends Partial<Omit<ConnectOptions, 'credentials'>> {
  readonly as?: Credentials
  readonly driver?: KafkaOptions
  readonly signal?: AbortSignal
}

let clients = 0

/** A link, closed when the test ends. */
export async function dial(endpoints: readonly Endpoint[], how: Dial = {}): Promise<Link> {
  const { as = { by: 'none' }, driver, signal = patience(), ...more } = how
  clients += 1
  const options: ConnectOptions = {
    client: `test-${clients}`,
    nonce: 'kafkaDriverNonce',
    missing: 'create',
    credentials: async () => as,
    ...more,
  }
  const link = await kafka({ partitions: 3, sessionMs: 3_000, ...driver }).connect(endpoints, options, signal)
  onTestFinished(() => link.close(patience(1_000)))
  return link
}

export function patience(ms: number = PATIENCE_MS): AbortSignal {
  return AbortSignal.timeout(ms)
}

let names = 0

/** A name that nobody used. */
function fresh(what: string): string {
  names += 1
  return `${what}-${names}`
}

/** A durable topic with one parameter. */
export function durable(name: string = fresh('durable'), latest = false): ChannelSpec {
  return { name, params: 1, kind: 'topic', keep: 'durable', latest }
}

export function queue(name: string = fresh('queue'), leaseMs = 30_000): ChannelSpec {
  return { name, params: 1, kind: 'queue', leaseMs }
}

/** Sends, and waits until every message is reported. */
export function send(channel: Channel, ...batch: readonly (Partial<Outgoing> | string)[]): Promise<SendOutcome[]> {
  const outcomes: SendOutcome[] = []
  let left = batch.length
  return new Promise((resolve) => {
    const messages = batch.map((one) => ({ path: 'a', body: '', ...(typeof one === 'string' ? { body: one } : one) }))
    channel.send(messages, (index, outcome) => {
      outcomes[index] = outcome
      left -= 1
      if (left === 0) resolve(outcomes)
    })
  })
}

/** `done`, or what became of it instead: `refused forbidden`. */
export function told(outcome: SendOutcome | undefined): string {
  if (outcome === undefined) return 'open'
  return outcome.outcome === 'done' ? 'done' : `${outcome.outcome} ${outcome.error.code}`
}

/** So many deliveries; empty batches are passed over. */
export async function pull(reception: Reception, count: number): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  while (deliveries.length < count) {
    const batch = await reception.next()
    if (batch === undefined) throw new Error(`the reception ended after ${deliveries.length} of ${count}`)
    deliveries.push(...batch.deliveries)
  }
  return deliveries
}

export function textOf({ body }: Pick<Delivery, 'body'>): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

/** What the promise rejects with: an error of ours with a sentence. */
export async function refusal(promise: Promise<unknown>): Promise<MessagingError> {
  const reason = await promise.then(
    () => new Error('it resolved'),
    (error: unknown) => error,
  )
  if (!MessagingError.is(reason)) throw reason
  return reason
}

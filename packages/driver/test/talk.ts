import {
  type Channel,
  type ChannelSpec,
  type ConnectOptions,
  type Credentials,
  type Delivery,
  type Driver,
  type Endpoint,
  type Flow,
  type Link,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
} from '@spanwire/driver'

/** Beyond this a wait has failed. */
export const PATIENCE_MS = 15_000
export const FLOW: Flow = { messages: 1_000, bytes: 16 << 20 }

export function patience(ms: number = PATIENCE_MS): AbortSignal {
  return AbortSignal.timeout(ms)
}

export interface LinkOptions extends Partial<ConnectOptions> {
  /** What `credentials` gives. */
  readonly as?: Credentials
  readonly signal?: AbortSignal
}

let clients = 0

/** A link, which whoever asks closes. */
export function linkBy(driver: Driver, endpoints: readonly Endpoint[], how: LinkOptions = {}): Promise<Link> {
  const { as = { by: 'none' }, signal = patience(), ...more } = how
  clients += 1
  const options: ConnectOptions = {
    client: `test-${clients}`,
    nonce: 'driverTestNonce0',
    missing: 'create',
    credentials: async () => as,
    ...more,
  }
  return driver.connect(endpoints, options, signal)
}

let names = 0

/** A name that no other test of this file used. */
function fresh(what: string): string {
  names += 1
  return `${what}-${names}`
}

/** Channels with one parameter. */
export function durable(name: string = fresh('durable'), latest: boolean = false): ChannelSpec {
  return { name, params: 1, kind: 'topic', keep: 'durable', latest }
}

export function live(name: string = fresh('live')): ChannelSpec {
  return { name, params: 1, kind: 'topic', keep: 'live', latest: false }
}

export function queue(name: string = fresh('queue'), leaseMs: number = 30_000): ChannelSpec {
  return { name, params: 1, kind: 'queue', leaseMs }
}

export function rpc(name: string = fresh('rpc')): ChannelSpec {
  return { name, params: 1, kind: 'rpc' }
}

/** Sends, and waits until every message is reported. */
export function send(channel: Channel, ...batch: readonly (Partial<Outgoing> | string)[]): Promise<SendOutcome[]> {
  return sending(channel, ...batch).all
}

/** Sends; `outcomes` fill as they are reported. */
export function sending(channel: Channel, ...batch: readonly (Partial<Outgoing> | string)[]) {
  const outcomes: SendOutcome[] = []
  let left = batch.length
  let cancel: (index?: number) => void = () => undefined
  const all = new Promise<SendOutcome[]>((resolve) => {
    const messages = batch.map((one) => ({ path: 'a', body: '', ...(typeof one === 'string' ? { body: one } : one) }))
    cancel = channel.send(messages, (index, outcome) => {
      outcomes[index] = outcome
      left -= 1
      if (left === 0) resolve(outcomes)
    })
  })
  return { all, outcomes, cancel }
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

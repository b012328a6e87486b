import type {
  Batch,
  Channel,
  ChannelSpec,
  ConnectOptions,
  Delivery,
  Flow,
  Link,
  MessagingError,
  Outgoing,
  Reception,
  SendOutcome,
  Source,
} from '@spanwire/driver'
import { createEngine, type EngineOptions, type MemoryEngine, type MemoryOptions, memory } from '../src/index.js'
import { settled, VirtualClock } from './virtual-clock.js'

export const NEVER: AbortSignal = new AbortController().signal
export const ABORTED: AbortSignal = AbortSignal.abort()
export const FLOW = { messages: 100, bytes: 1_000_000 }

export const LIVE = { name: 'live', params: 0, kind: 'topic', keep: 'live', latest: false } as const
export const DURABLE = { name: 'durable', params: 0, kind: 'topic', keep: 'durable', latest: false } as const
export const QUOTES = { name: 'quotes', params: 1, kind: 'topic', keep: 'durable', latest: true } as const
export const JOBS = { name: 'jobs', params: 0, kind: 'queue', leaseMs: 1_000 } as const
export const PRICE = { name: 'price', params: 0, kind: 'rpc' } as const

let clients = 0

export function connectOptions(more: Partial<ConnectOptions> = {}): ConnectOptions {
  clients++
  const credentials = async () => ({ by: 'none' }) as const
  return { client: `c${clients}`, nonce: 'AAAAAAAAAAAAAAAA', missing: 'create', credentials, ...more }
}

export interface Rig {
  readonly clock: VirtualClock
  readonly engine: MemoryEngine
  readonly connect: (options?: MemoryOptions, more?: Partial<ConnectOptions>) => Promise<Link>
  /** A channel on a link of its own. */
  readonly open: (spec: ChannelSpec, options?: MemoryOptions) => Promise<Channel & { readonly link: Link }>
}

/** An engine on virtual time. */
export function rig(options: EngineOptions = {}): Rig {
  const clock = new VirtualClock()
  const engine = createEngine({ clock, ...options })
  const connect: Rig['connect'] = (own, more) => memory(engine, own).connect(['m'], connectOptions(more), NEVER)
  const open: Rig['open'] = async (spec, own) => {
    const link = await connect(own)
    const channel = await link.open(spec, NEVER)
    return {
      link,
      can: channel.can,
      send: (batch, report) => channel.send(batch, report),
      receive: (source, flow, signal) => channel.receive(source, flow, signal),
      probe: (signal) => channel.probe(signal),
    }
  }
  return { clock, engine, connect, open }
}

export type Draft = string | Partial<Outgoing>

function outgoing(draft: Draft): Outgoing {
  return typeof draft === 'string' ? { path: '', body: draft } : { path: '', body: '', ...draft }
}

/** Sends and waits for every report. */
export function send(channel: Channel, ...drafts: Draft[]): Promise<SendOutcome[]> {
  const outcomes: SendOutcome[] = []
  let open = drafts.length
  return new Promise((resolve) => {
    channel.send(drafts.map(outgoing), (index, outcome) => {
      outcomes[index] = outcome
      if (--open === 0) resolve(outcomes)
    })
  })
}

/** Records reports as they come. */
export function sendOpen(channel: Pick<Channel, 'send'>, ...drafts: Draft[]) {
  const outcomes: (SendOutcome | undefined)[] = drafts.map(() => undefined)
  const counts: number[] = drafts.map(() => 0)
  const cancel = channel.send(drafts.map(outgoing), (index, outcome) => {
    outcomes[index] = outcome
    counts[index] = (counts[index] ?? 0) + 1
  })
  return { outcomes, counts, cancel }
}

export function attach(channel: Channel, source: Source = {}, flow: Flow = FLOW): Promise<Reception> {
  return channel.receive(source, flow, NEVER)
}

/** So many deliveries, beats left out. */
export async function pull(reception: Reception, count: number): Promise<Delivery[]> {
  const found: Delivery[] = []
  while (found.length < count) {
    const batch = await reception.next()
    if (batch === undefined) throw new Error(`ended after ${found.length} of ${count}`)
    found.push(...batch.deliveries)
  }
  return found
}

/** All that can be had without time passing. */
export async function drainNow(reception: Reception): Promise<Batch[]> {
  const batches: Batch[] = []
  for (;;) {
    const batch = await Promise.race([reception.next(), settled().then(() => 'idle' as const)])
    if (batch === 'idle' || batch === undefined) return batches
    batches.push(batch)
  }
}

export function bodies(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => String(delivery.body))
}

export function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => String(from + index))
}

/** The code that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as MessagingError).code
  }
  return 'resolved'
}

export function codes(outcomes: readonly (SendOutcome | undefined)[]): string[] {
  return outcomes.map((outcome) =>
    outcome === undefined ? 'open' : outcome.outcome === 'done' ? 'done' : `${outcome.outcome} ${outcome.error.code}`,
  )
}

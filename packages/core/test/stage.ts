import {
  type Channel,
  type Delivery,
  type Driver,
  type Link,
  MessagingError,
  type Reception,
  type Start,
} from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { onTestFinished } from 'vitest'
import { type Client, type ClientEvent, type ClientOptions, createClient, primary } from '../src/index.js'
import { type VirtualRuntime, virtualRuntime } from '../src/runtime/virtual.js'

const here = { environment: 'on-prem' } as const

/** One client's way to one engine. What it does to messages, nobody else sees. */
export class Road {
  readonly driver: Driver
  /** Deliveries for which this says yes never come. */
  swallows: (delivery: Delivery, channel: string) => boolean = () => false
  /** Sends for which this says yes are reported done and go nowhere. */
  forgets: (body: string, channel: string) => boolean = () => false
  /** Sends for which this says yes the engine refuses for good. */
  refuses: (body: string, channel: string) => boolean = () => false
  /** Channels for which this says yes have nobody who takes what is sent. */
  leaderless: (channel: string) => boolean = () => false
  /** Batches that bring something come when this has. */
  delays: () => Promise<void> | undefined = () => undefined
  /** Where receptions began, in their order. */
  readonly starts: (Start | undefined)[] = []
  /** So many resumes at a position are told that the log is another one. */
  conflicts = 0
  #isCut = false
  readonly #links = new Set<Link>()

  constructor(engine: MemoryEngine) {
    const inner = memory(engine)
    const connect: Driver['connect'] = async (...how) => {
      if (this.#isCut) throw gone()
      return this.#link(await inner.connect(...how))
    }
    this.driver = { ...inner, connect }
  }

  /** The way is closed: links end, and no new one comes through. */
  cut(): void {
    this.#isCut = true
    for (const link of this.#links) void link.close(AbortSignal.abort())
  }

  heal(): void {
    this.#isCut = false
  }

  #link(link: Link): Link {
    this.#links.add(link)
    const ended = link.ended.then((end) => {
      this.#links.delete(link)
      return this.#isCut ? ({ by: 'engine', error: gone() } as const) : end
    })
    return {
      engine: link.engine,
      draining: link.draining,
      ended,
      open: async (spec, signal) => this.#channel(await link.open(spec, signal), spec.name),
      probe: (signal) => link.probe(signal),
      close: (signal) => link.close(signal),
    }
  }

  #channel(channel: Channel, name: string): Channel {
    return {
      can: channel.can,
      send: (batch, report) => {
        const passed: number[] = []
        for (const [index, { body }] of batch.entries()) {
          if (this.leaderless(name)) report(index, { outcome: 'refused', error: noLeader() })
          else if (this.refuses(String(body), name)) report(index, { outcome: 'refused', error: refusal() })
          else if (this.forgets(String(body), name)) report(index, { outcome: 'done' })
          else passed.push(index)
        }
        const messages = passed.flatMap((index) => batch[index] ?? [])
        return channel.send(messages, (at, outcome) => report(passed[at] ?? -1, outcome))
      },
      receive: async (source, ...how) => {
        this.starts.push(source.start)
        if (source.start?.at === 'position' && this.conflicts-- > 0)
          throw new MessagingError('conflict', 'The position is of another log.', { scope: 'channel' })
        return this.#reception(await channel.receive(source, ...how), name)
      },
      probe: (signal) => (this.leaderless(name) ? Promise.reject(noLeader()) : channel.probe(signal)),
    }
  }

  #reception(reception: Reception, name: string): Reception {
    const { beatMs } = reception
    return {
      ...(beatMs === undefined ? undefined : { beatMs }),
      next: async () => {
        const batch = await reception.next()
        if (batch === undefined) return undefined
        if (batch.deliveries.length > 0) await this.delays()
        return { ...batch, deliveries: batch.deliveries.filter((delivery) => !this.swallows(delivery, name)) }
      },
      adjust: (flow) => reception.adjust(flow),
      stop: (signal) => reception.stop(signal),
    }
  }
}

export interface Actor<Site extends string> {
  readonly client: Client
  readonly roads: { readonly [Name in Site]: Road }
  /** All that happened to it. */
  readonly events: readonly ClientEvent[]
}

/** Engines by name on one clock that only the test moves, and clients that each have their own way to every one of them. */
export function stage<const Site extends string>(...names: readonly Site[]) {
  const runtime: VirtualRuntime = virtualRuntime()
  const made: Client[] = []
  const each = <T>(make: (name: Site) => T) =>
    Object.fromEntries(names.map((name) => [name, make(name)])) as { readonly [Name in Site]: T }
  const engines = each((name) => createEngine({ clock: runtime, name }))
  const actor = (options: Partial<ClientOptions<Site>> = {}): Actor<Site> => {
    const roads = each((name) => new Road(engines[name]))
    const client = createClient<Site>({
      here,
      runtime,
      sites: each((name) => ({ location: here, driver: roads[name].driver, endpoints: [name] })),
      routes: [{ match: '>', policy: primary<Site>(...(names as readonly [Site, ...Site[]])) }],
      ...options,
    })
    made.push(client)
    const events: ClientEvent[] = []
    void (async () => {
      for await (const event of client.watch()) events.push(event)
    })()
    return { client, roads, events }
  }
  onTestFinished(async () => {
    const closed = Promise.all(made.map((client) => client.close({ timeout: '10ms' })))
    await runtime.advance(5_000)
    await closed
  })
  return { runtime, engines, actor }
}

/** What comes, as it comes. */
export function gather<T>(source: AsyncIterable<T>): T[] {
  const got: T[] = []
  void (async () => {
    for await (const one of source) got.push(one)
  })()
  return got
}

export function only<Type extends ClientEvent['type']>(
  events: readonly ClientEvent[],
  type: Type,
): Extract<ClientEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<ClientEvent, { type: Type }> => event.type === type)
}

/** Whole numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

function gone(): MessagingError {
  return new MessagingError('unavailable', 'The way is cut.', { scope: 'link', retryable: true })
}

function noLeader(): MessagingError {
  return new MessagingError('unavailable', 'The channel has no leader.', { scope: 'channel', retryable: true })
}

function refusal(): MessagingError {
  return new MessagingError('invalid', 'The engine does not want it.', { scope: 'message' })
}

import type { Driver } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { onTestFinished } from 'vitest'
import { type Client, type ClientEvent, type ClientOptions, createClient, type Policy, primary } from '../src/index.js'

const here = { environment: 'on-prem', region: 'eu-central' } as const

interface Setup {
  readonly policy?: Policy<'a' | 'b'>
  readonly outbox?: NonNullable<ClientOptions['outbox']>
  /** Default: the memory driver as it is. */
  readonly driver?: (engine: MemoryEngine, site: 'a' | 'b') => Driver
}

/** Two memory engines in this process, and any number of clients over both, closed when the test is over. */
export function twoSites({ policy = primary('a', 'b'), outbox = {}, driver = (engine) => memory(engine) }: Setup = {}) {
  const a = createEngine()
  const b = createEngine()
  const clients: Client[] = []
  const client = (): Client => {
    const made = createClient({
      here,
      outbox,
      sites: {
        a: { location: here, driver: driver(a, 'a'), endpoints: ['a'] },
        b: { location: { environment: 'cloud' }, driver: driver(b, 'b'), endpoints: ['b'] },
      },
      routes: [{ match: '>', policy }],
    })
    clients.push(made)
    return made
  }
  onTestFinished(async () => {
    a.heal()
    b.heal()
    await Promise.all(clients.map((one) => one.close({ timeout: '200ms' })))
  })
  return { a, b, client }
}

export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const got: T[] = []
  if (count === 0) return got
  for await (const one of source) {
    got.push(one)
    if (got.length === count) break
  }
  return got
}

/** The first event of a kind from the call on. */
export async function first<Type extends ClientEvent['type']>(
  client: Client,
  type: Type,
): Promise<Extract<ClientEvent, { type: Type }>> {
  for await (const event of client.watch())
    if (event.type === type) return event as Extract<ClientEvent, { type: Type }>
  throw new Error(`no ${type}`)
}

/** Waits until a site of the client is in a state. */
export async function until(client: Client, site: string, state: string): Promise<void> {
  const stop = new AbortController()
  const events: AsyncIterable<ClientEvent> = client.watch({ signal: stop.signal })
  const isThere = (): boolean => client.status().sites.some((one) => one.name === site && one.state === state)
  if (isThere()) return
  for await (const _ of events) if (isThere()) break
  stop.abort()
}

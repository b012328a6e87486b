import { type Client, type ClientOptions, createClient, type Message, primary } from '@spanwire/core'
import { type EngineNode, type EngineSite, startEngines } from '@spanwire/testkit/engines'
import { expect, onTestFinished } from 'vitest'
import { nats } from '../../src/index.js'
import { flaws, publishing, reading, type Tick, ticks } from './traffic.js'

const here = { environment: 'on-prem' } as const

export interface TwoSites {
  readonly a: EngineSite
  readonly b: EngineSite
  /** A client that prefers site a, closed when the test ends. */
  client(options?: Partial<ClientOptions>): Client
}

/** Two sites of real servers that live as long as the test. */
export async function twoSites(nodes = 1): Promise<TwoSites> {
  const engines = await startEngines({ engine: 'nats', sites: 2, nodes })
  onTestFinished(() => engines.stop())
  const [a, b] = engines.sites
  if (a === undefined || b === undefined) throw new Error('two sites were started')
  return { a, b, client: (options = {}) => join(a, b, options) }
}

function join(a: EngineSite, b: EngineSite, options: Partial<ClientOptions>): Client {
  const client = createClient({
    here,
    sites: {
      a: { location: here, driver: nats(), endpoints: a.endpoints },
      b: { location: { environment: 'cloud' }, driver: nats(), endpoints: b.endpoints },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
    ...options,
  })
  onTestFinished(() => client.close({ timeout: '1s' }))
  return client
}

/** The first node of a site. */
export function firstOf({ nodes: [node] }: EngineSite): EngineNode {
  if (node === undefined) throw new Error('a site has nodes')
  return node
}

/**
 * One client publishes without pause and another reads while `faults` come, between them until `more` are acknowledged. Then all
 * that was published has been read: once, in order. Gives what was read.
 */
export async function underTraffic(
  { client }: TwoSites,
  faults: (more: (count: number) => Promise<void>) => Promise<void>,
): Promise<readonly Message<Tick>[]> {
  const subscription = client().subscribe(ticks)
  await subscription.ready
  const read = reading(subscription)
  const sent = publishing(client())
  await faults((count) => sent.until(sent.acked() + count))
  const last = await sent.stop()
  await read.upTo(last)
  expect(flaws(read.got, last)).toEqual({})
  return read.got
}

import {
  type Client,
  type ClientOptions,
  createClient,
  json,
  primary,
  queue,
  type StandardSchema,
} from '@spanwire/core'
import { type EngineSite, startEngines } from '@spanwire/testkit/engines'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nats } from '../src/index.js'
import { api } from './rig/admin.js'
import { healthy, leadElsewhere } from './rig/cluster.js'
import { streamOf } from './rig/names.js'
import { flaws, publishing, reading, ticks } from './rig/traffic.js'

const LIMIT_MS = 120_000
const here = { environment: 'on-prem' } as const
const jobs = queue('jobs', json as StandardSchema<{ readonly n: number }>)

/** Two sites, and clients that prefer the first. */
async function twoSites(nodes = 1) {
  const engines = await startEngines({ engine: 'nats', sites: 2, nodes })
  onTestFinished(() => engines.stop())
  const [a, b] = engines.sites
  if (a === undefined || b === undefined) throw new Error('two sites were started')
  return { a, b, client: (options: Partial<ClientOptions> = {}) => join(a, b, options) }
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

describe('nothing that was acknowledged is lost, doubled or out of order', { timeout: LIMIT_MS }, () => {
  it('when a site is killed and comes back with its store', async () => {
    const { a, client } = await twoSites()
    const subscription = client().subscribe(ticks)
    await subscription.ready
    const read = reading(subscription)
    const sent = publishing(client())
    await sent.until(2_000)
    await a.nodes[0]?.kill()
    await sent.until(sent.acked() + 2_000)
    await a.nodes[0]?.restart()
    await sent.until(sent.acked() + 2_000)
    const last = await sent.stop()
    await read.upTo(last)
    expect(flaws(read.got, last)).toEqual({})
    expect(new Set(read.got.map(({ site }) => site))).toEqual(new Set(['a', 'b']))
  })

  it('when both sites are killed, one after the other, while nobody is left in between', async () => {
    const { a, b, client } = await twoSites()
    const subscription = client().subscribe(ticks)
    await subscription.ready
    const read = reading(subscription)
    const sent = publishing(client())
    await sent.until(1_000)
    await a.nodes[0]?.kill()
    await b.nodes[0]?.kill()
    await b.nodes[0]?.restart()
    await sent.until(sent.acked() + 1_000)
    await a.nodes[0]?.restart()
    await sent.until(sent.acked() + 1_000)
    const last = await sent.stop()
    await read.upTo(last)
    expect(flaws(read.got, last)).toEqual({})
  })

  it('when a node of a cluster is killed: the one we talk to, then the one that leads the stream', async () => {
    const { a, client } = await twoSites(3)
    const subscription = client().subscribe(ticks)
    await subscription.ready
    const read = reading(subscription)
    const sent = publishing(client())
    await sent.until(500)
    const [ours] = a.nodes
    if (ours === undefined) throw new Error('a site has nodes')
    const leader = await leadElsewhere(a, streamOf(ticks.spec), ours)
    await ours.kill()
    await sent.until(sent.acked() + 500)
    await ours.restart()
    await leader.kill()
    await sent.until(sent.acked() + 500)
    await leader.restart()
    await healthy(a)
    const last = await sent.stop()
    await read.upTo(last)
    expect(flaws(read.got, last)).toEqual({})
  })

  it('when all nodes of a site are killed at once and come back', async () => {
    const { a, client } = await twoSites(3)
    const subscription = client().subscribe(ticks)
    await subscription.ready
    const read = reading(subscription)
    const sent = publishing(client())
    await sent.until(500)
    await Promise.all(a.nodes.map((node) => node.kill()))
    await sent.until(sent.acked() + 500)
    await Promise.all(a.nodes.map((node) => node.restart()))
    await healthy(a)
    await sent.until(sent.acked() + 500)
    const last = await sent.stop()
    await read.upTo(last)
    expect(flaws(read.got, last)).toEqual({})
  })
})

describe('a restart with the same store', { timeout: LIMIT_MS }, () => {
  it('continues streams, and a checkpoint from before it holds after it', async () => {
    const { a, client } = await twoSites()
    const writer = client()
    const first = client()
    const before = first.subscribe(ticks, {}, { from: 'beginning' })
    await before.ready
    for (let n = 1; n <= 50; n++) await writer.publish(ticks, { symbol: 'IBM', n })
    const seen: number[] = []
    let checkpoint = before.checkpoint()
    for await (const { value } of before) {
      seen.push(value.n)
      if (value.n === 20) break
      checkpoint = before.checkpoint()
    }
    await first.close()
    await a.nodes[0]?.kill()
    await a.nodes[0]?.restart()
    for (let n = 51; n <= 60; n++) await writer.publish(ticks, { symbol: 'IBM', n })
    const after: number[] = []
    for await (const { value } of client().subscribe(ticks, {}, { from: checkpoint })) {
      after.push(value.n)
      if (value.n === 60) break
    }
    // The nineteenth was in the reader's hands when the checkpoint was made.
    expect(after).toEqual(Array.from({ length: 42 }, (_, at) => 19 + at))
    const [node] = a.nodes
    if (node === undefined) throw new Error('a site has nodes')
    const { state } = await api<{ state: { messages: number; last_seq: number } }>(
      node,
      `STREAM.INFO.${streamOf(ticks.spec)}`,
    )
    expect(state.last_seq).toBe(state.messages)
  })

  it('keeps jobs: each is done, and none again that was settled', async () => {
    const { a, client } = await twoSites()
    const done: number[] = []
    let finish: () => void = () => undefined
    const all = new Promise<void>((resolve) => {
      finish = resolve
    })
    const worker = client().consume(
      jobs,
      ({ n }) => {
        done.push(n)
        if (new Set(done).size === 300) finish()
      },
      { concurrency: 4 },
    )
    await worker.ready
    const sender = client()
    for (let n = 1; n <= 100; n++) await sender.send(jobs, { n })
    await a.nodes[0]?.kill()
    const meanwhile = Array.from({ length: 100 }, (_, at) => sender.send(jobs, { n: 101 + at }))
    await a.nodes[0]?.restart()
    await Promise.all(meanwhile)
    for (let n = 201; n <= 300; n++) await sender.send(jobs, { n })
    await all
    expect([...new Set(done)].sort((x, y) => x - y)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1))
    expect(done.length).toBe(300)
  })
})

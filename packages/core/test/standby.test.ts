import { describe, expect, it } from 'vitest'
import {
  type Client,
  type ClientEvent,
  type ClientOptions,
  createClient,
  json,
  type Message,
  primary,
  queue,
  type StandardSchema,
  topic,
} from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'
import { Scripted } from './scripted.js'
import { follow, twoEngines } from './two-engines.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const orders = queue('orders', json as StandardSchema<{ n: number }>)
const here = { environment: 'on-prem' } as const
const SYMBOLS = ['A', 'B', 'C', 'D', 'E']

/** Clients whose site `b` stands ready for `a`, on a clock that only the test moves. */
function stage(options: Partial<ClientOptions<'a' | 'b'>> = {}) {
  const { client, ...engines } = twoEngines()
  return { ...engines, client: () => client({ standby: 'warm', ...options }) }
}

function read(client: Client): Map<string, Message<{ symbol: string; n: number }>[]> {
  const got = new Map<string, Message<{ symbol: string; n: number }>[]>()
  void (async () => {
    for await (const message of client.subscribe(quotes)) {
      const { symbol } = message.value
      got.set(symbol, [...(got.get(symbol) ?? []), message])
    }
  })()
  return got
}

const only = <Type extends ClientEvent['type']>(events: readonly ClientEvent[], type: Type) =>
  events.filter((event): event is Extract<ClientEvent, { type: Type }> => event.type === type)

/** Publishes to each symbol each 20 ms for so long; settles with what became of it. */
async function load({ runtime }: ReturnType<typeof stage>, client: Client, from: number, ms: number) {
  const ends: Promise<{ readonly symbol: string; readonly n: number; readonly sites: string; readonly ms: number }>[] =
    []
  const failures: unknown[] = []
  let n = from
  for (let at = 0; at < ms; at += 20, n++) {
    for (const symbol of SYMBOLS) {
      const began = runtime.now()
      const end = client
        .publish(quotes, { symbol, n })
        .then(({ sites }) => ({ symbol, n, sites: sites.join(), ms: runtime.now() - began }))
      end.catch((error) => failures.push(error))
      ends.push(end)
    }
    await runtime.advance(20)
  }
  return { ends, failures, n }
}

describe('a site that hangs while the next one stands ready', () => {
  it('is left within 1.8 s with all that was on its way, and nothing is lost, doubled or out of order', async () => {
    const scene = stage()
    const { a, client, runtime } = scene
    const writer = client()
    const got = read(client())
    const events = follow(writer)
    await runtime.advance(100)
    const before = await load(scene, writer, 1, 2_000)
    a.hang()
    const during = await load(scene, writer, before.n, 6_000)
    a.heal()
    await runtime.advance(10_000)
    expect([...before.failures, ...during.failures]).toEqual([])
    const ends = await Promise.all(during.ends)
    expect(new Set(ends.map(({ sites }) => sites))).toEqual(new Set(['b']))
    expect(Math.max(...ends.map(({ ms }) => ms))).toBeLessThanOrEqual(1_800)
    for (const symbol of SYMBOLS) {
      expect(got.get(symbol)?.map(({ value }) => value.n)).toEqual(
        Array.from({ length: during.n - 1 }, (_, at) => at + 1),
      )
      expect(got.get(symbol)?.some(({ late, uncertain }) => late || uncertain)).toBe(false)
    }
    const [told, ...others] = only(events, 'failover')
    expect(told).toMatchObject({
      site: 'a',
      lanes: SYMBOLS.length,
      reason: expect.stringMatching(/no second connection/),
    })
    expect((told?.detectedAt ?? 0) - (told?.firstSignAt ?? 0)).toBeLessThanOrEqual(1_750)
    expect(others).toEqual([])
  })

  it('gets its lanes back only when it has proved itself, though its link never ended', async () => {
    const scene = stage()
    const { a, client, runtime } = scene
    const writer = client()
    const events = follow(writer)
    await runtime.advance(100)
    await load(scene, writer, 1, 500)
    a.hang()
    await load(scene, writer, 1_000, 2_000)
    expect(writer.status().sites[0]).toMatchObject({
      state: 'suspect',
      trouble: expect.stringMatching(/suspect and left/),
    })
    a.heal()
    await runtime.advance(1_000)
    expect(writer.status().sites[0]).toMatchObject({ state: 'up', outage: { count: 1 } })
    expect(a.counts().links).toBe(1)
    const soon = await load(scene, writer, 2_000, 20_000)
    expect(new Set((await Promise.all(soon.ends)).map(({ sites }) => sites))).toEqual(new Set(['b']))
    await runtime.advance(60_000)
    expect((await writer.publish(quotes, { symbol: 'A', n: 9_000 })).sites).toEqual(['a'])
    expect(only(events, 'failover')).toHaveLength(1)
  })

  it('keeps its jobs until it is given up: a second copy is a second execution', async () => {
    const { a, b, client, runtime } = stage()
    const writer = client()
    await runtime.advance(100)
    await writer.send(orders, { n: 1 })
    a.hang()
    const sent = writer.send(orders, { n: 2 })
    await runtime.advance(2_200)
    expect(b.depths().filter(({ messages }) => messages > 0)).toEqual([])
    await runtime.advance(600)
    expect((await sent).sites).toEqual(['b'])
  })

  it('is not left when the next one is in doubt itself', async () => {
    const scene = stage()
    const { a, b, client, runtime } = scene
    const writer = client()
    const events = follow(writer)
    await runtime.advance(100)
    // Of a site that carries nothing it is known once a second whether it lives.
    b.hang()
    await load(scene, writer, 1, 1_200)
    a.hang()
    const { ends } = await load(scene, writer, 100, 2_000)
    a.heal()
    b.heal()
    await runtime.advance(5_000)
    expect(new Set((await Promise.all(ends)).map(({ sites }) => sites))).toEqual(new Set(['a']))
    expect(only(events, 'moved')).toEqual([])
  })

  it('is not left by a client that keeps none ready', async () => {
    const scene = stage({ standby: 'cold' })
    const { a, client, runtime } = scene
    const writer = client()
    await runtime.advance(100)
    await load(scene, writer, 1, 100)
    a.hang()
    const { ends } = await load(scene, writer, 100, 2_200)
    a.heal()
    await runtime.advance(1_000)
    expect(new Set((await Promise.all(ends)).map(({ sites }) => sites))).toEqual(new Set(['a']))
  })
})

describe('a connection that is silent while its site answers others', () => {
  it('is not left for another site', async () => {
    const runtime = virtualRuntime()
    const engines = { a: new Scripted(runtime), b: new Scripted(runtime) }
    const client = createClient({
      here,
      runtime,
      standby: 'warm',
      sites: {
        a: { location: here, driver: engines.a.driver, endpoints: ['a'] },
        b: { location: here, driver: engines.b.driver, endpoints: ['b'] },
      },
      routes: [{ match: '>', policy: primary('a', 'b') }],
    })
    const events = follow(client)
    await runtime.advance(100)
    const published = client.publish(quotes, { symbol: 'A', n: 1 })
    await runtime.advance(100)
    const channel = engines.a.link.channels.find(({ spec }) => spec.name === 'quotes')
    channel?.batches[0]?.report(0, { outcome: 'done' })
    await published
    expect(engines.b.link.opens.map(({ name }) => name)).toContain('quotes')
    engines.a.link.isMute = true
    await runtime.advance(6_000)
    expect(engines.a.links).toHaveLength(2)
    expect(only(events, 'moved')).toEqual([])
    expect(client.status().sites[0]).toMatchObject({ state: 'up', outage: undefined })
    void client.close({ timeout: 0 })
    await runtime.advance(100)
  })
})

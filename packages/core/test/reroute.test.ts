import { describe, expect, it } from 'vitest'
import { all, json, pinned, primary, queue, type StandardSchema, topic, weighted } from '../src/index.js'
import { type Actor, gather, only, range, stage } from './stage.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const orders = queue('orders', json as StandardSchema<{ n: number }>)
const SYMBOLS = range(1, 24).map((n) => `S${n}`)

type Site = 'a' | 'b' | 'c'

/** Routes of two sites, a share of which goes to `b`. */
const dial = (share: number) => [{ match: '>', policy: weighted({ a: 100 - share, b: share }) }] as const

/** What a reader has of each symbol. */
function bySymbol(got: readonly { readonly value: { symbol: string; n: number } }[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const { value } of got) found.set(value.symbol, [...(found.get(value.symbol) ?? []), value.n])
  return found
}

/** One message for each symbol, each answer told. */
function writing<Names extends string>(writer: Actor<Names>) {
  const failures: unknown[] = []
  const stored: string[] = []
  const tick = (n: number): void => {
    for (const symbol of SYMBOLS)
      writer.client.publish(quotes, { symbol, n }).then(
        ({ sites }) => stored.push(sites.join()),
        (error) => failures.push(error),
      )
  }
  return { failures, stored, tick }
}

describe('the dial of a migration', () => {
  it('is turned 0, 25, 50, 100 under load by clients one after another, and nothing is lost, doubled or out of order', async () => {
    const { runtime, actor } = stage('a', 'b')
    const routes = dial(0)
    const writers = [actor({ routes }), actor({ routes })]
    const readers = [actor({ routes }), actor({ routes })]
    const got = readers.map(({ client }) => gather(client.subscribe(quotes)))
    const works = writers.map(writing)
    await runtime.advance(100)
    const clients = [...writers, ...readers].map(({ client }) => client)
    const shares = [25, 50, 100]
    for (const n of range(1, 120)) {
      for (const work of works) work.tick(n)
      // Every 30th round a new share, and each client takes it up 3 rounds after the one before.
      const share = shares[Math.floor(n / 30) - 1]
      const at = n % 30
      if (share !== undefined && at % 3 === 0) clients[at / 3]?.reroute(dial(share))
      await runtime.advance(50)
    }
    await runtime.advance(10_000)
    for (const one of got) {
      expect(one.filter(({ late }) => late)).toEqual([])
      for (const writer of new Set(one.map(({ source }) => source?.slice(0, 16)))) {
        const mine = bySymbol(one.filter(({ source }) => source?.startsWith(writer ?? '?')))
        for (const symbol of SYMBOLS) expect(mine.get(symbol)).toEqual(range(1, 120))
      }
    }
    expect(works.flatMap(({ failures }) => failures)).toEqual([])
    for (const { stored } of works) {
      expect(stored.slice(0, SYMBOLS.length)).toEqual(SYMBOLS.map(() => 'a'))
      expect(stored.slice(-SYMBOLS.length)).toEqual(SYMBOLS.map(() => 'b'))
    }
    for (const { events } of readers) expect(only(events, 'gap')).toEqual([])
  })

  it('moves only as many lanes as the share says, each of them once', async () => {
    const { runtime, actor } = stage('a', 'b')
    const writer = actor({ routes: dial(0) })
    const { tick } = writing(writer)
    await runtime.advance(100)
    tick(1)
    await runtime.advance(100)
    const moved = (): number => only(writer.events, 'moved').length
    writer.client.reroute(dial(50))
    await runtime.advance(100)
    const half = moved()
    expect(half).toBeGreaterThan(4)
    expect(half).toBeLessThan(20)
    writer.client.reroute(dial(100))
    await runtime.advance(100)
    expect(moved()).toBe(SYMBOLS.length)
    expect(only(writer.events, 'moved').every(({ from, to }) => from === 'a' && to === 'b')).toBe(true)
  })
})

describe('another primary', () => {
  it('is listened at before and after, so that a publisher may be rerouted 20 s later than its reader', async () => {
    const { runtime, actor } = stage('a', 'b', 'c')
    const old = [{ match: '>', policy: primary<Site>('a', 'b') }]
    const [reader, writer] = [actor({ routes: old }), actor({ routes: old })]
    const got = gather(reader.client.subscribe(quotes))
    const { failures, tick } = writing(writer)
    await runtime.advance(100)
    reader.client.reroute([{ match: '>', policy: primary('c') }])
    for (const n of range(1, 20)) {
      tick(n)
      await runtime.advance(1_000)
    }
    writer.client.reroute([{ match: '>', policy: primary('c') }])
    for (const n of range(21, 60)) {
      tick(n)
      await runtime.advance(1_000)
    }
    for (const symbol of SYMBOLS) expect(bySymbol(got).get(symbol)).toEqual(range(1, 60))
    expect(new Set(got.slice(-SYMBOLS.length).map(({ site }) => site))).toEqual(new Set(['c']))
    expect(reader.client.status().subscriptions).toMatchObject([{ attached: ['c'], missing: [] }])
    expect(failures).toEqual([])
    expect(only(reader.events, 'gap')).toEqual([])
  })

  it('reaches a reader that is rerouted later than the publisher: it reads what the new site has by then', async () => {
    const { runtime, actor } = stage('a', 'b', 'c')
    const old = [{ match: '>', policy: primary<Site>('a', 'b') }]
    const [reader, writer] = [actor({ routes: old }), actor({ routes: old })]
    const got = gather(reader.client.subscribe(quotes))
    const { tick } = writing(writer)
    await runtime.advance(100)
    tick(1)
    await runtime.advance(1_000)
    writer.client.reroute([{ match: '>', policy: primary('c') }])
    for (const n of range(2, 10)) {
      tick(n)
      await runtime.advance(1_000)
    }
    reader.client.reroute([{ match: '>', policy: primary('c') }])
    await runtime.advance(60_000)
    for (const symbol of SYMBOLS) expect(bySymbol(got).get(symbol)).toEqual(range(1, 10))
    expect(only(reader.events, 'gap')).toEqual([])
  })

  it('is waited for where it cannot be reached: nothing goes to a site that the routes exclude', async () => {
    const { runtime, engines, actor } = stage('a', 'b', 'c')
    engines.c.kill()
    const writer = actor({ routes: [{ match: '>', policy: primary<Site>('a', 'b') }] })
    const { stored, tick } = writing(writer)
    await runtime.advance(100)
    tick(1)
    await runtime.advance(100)
    writer.client.reroute([{ match: '>', policy: primary('c') }])
    tick(2)
    await runtime.advance(5_000)
    engines.a.kill()
    await runtime.advance(1_000)
    engines.a.restart({ data: 'keep' })
    await runtime.advance(5_000)
    expect(stored).toHaveLength(SYMBOLS.length)
    engines.c.restart({ data: 'keep' })
    await runtime.advance(15_000)
    expect(stored.slice(SYMBOLS.length)).toEqual(SYMBOLS.map(() => 'c'))
  })

  it('keeps a lane from a site that it is not pinned to, also while its own is away', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const writer = actor({ routes: [{ match: '>', policy: primary('b') }] })
    const { failures, stored, tick } = writing(writer)
    await runtime.advance(100)
    tick(1)
    await runtime.advance(100)
    expect(new Set(stored)).toEqual(new Set(['b']))
    engines.a.kill()
    await runtime.advance(100)
    writer.client.reroute([{ match: '>', policy: pinned({ by: 'key' }) }])
    const homes = SYMBOLS.map((symbol) => writer.client.explain('publish', quotes, { params: { symbol } }).sites.join())
    const atB = homes.filter((site) => site === 'b').length
    expect([...new Set(homes)].sort()).toEqual(['a', 'b'])
    stored.length = 0
    tick(2)
    await runtime.advance(2_000)
    expect(stored).toEqual(Array.from({ length: atB }, () => 'b'))
    engines.a.restart({ data: 'keep' })
    await runtime.advance(10_000)
    expect(stored.slice(atB)).toEqual(Array.from({ length: SYMBOLS.length - atB }, () => 'a'))
    expect(failures).toEqual([])
  })

  it('takes the jobs that lie at the one before along to its workers, until there are none', async () => {
    const { runtime, actor } = stage('a', 'b')
    const routes = [{ match: '>', policy: primary<'a' | 'b'>('a') }]
    const [sender, worker] = [actor({ routes }), actor({ routes })]
    await runtime.advance(100)
    for (const n of range(1, 5)) void sender.client.send(orders, { n })
    await runtime.advance(100)
    const to = [{ match: '>', policy: primary<'a' | 'b'>('b') }]
    for (const { client } of [sender, worker]) client.reroute(to)
    for (const n of range(6, 10)) void sender.client.send(orders, { n })
    await runtime.advance(100)
    const done: number[] = []
    const sites = new Set<string>()
    worker.client.consume(orders, ({ n }, { site }) => {
      done.push(n)
      sites.add(site)
    })
    await runtime.advance(1_000)
    expect(done.sort((x, y) => x - y)).toEqual(range(1, 10))
    expect(sites).toEqual(new Set(['a', 'b']))
    await runtime.advance(120_000)
    for (const n of range(11, 12)) void sender.client.send(orders, { n })
    await runtime.advance(1_000)
    expect(done).toHaveLength(12)
  })
})

describe('all() for a while', () => {
  it('begins and ends under load without a loss, a doublet or a wrong order', async () => {
    const { runtime, actor } = stage('a', 'b')
    const one = [{ match: '>', policy: primary('a', 'b') }] as const
    const both = [{ match: '>', policy: all({ ack: 'all' }) }] as const
    const [reader, writer] = [actor({ routes: one }), actor({ routes: one })]
    const got = gather(reader.client.subscribe(quotes))
    const { failures, stored, tick } = writing(writer)
    await runtime.advance(100)
    for (const n of range(1, 90)) {
      tick(n)
      // Within the turn that published: much is on its way.
      if (n === 30) writer.client.reroute(both)
      if (n === 60) writer.client.reroute([{ match: '>', policy: primary('b', 'a') }])
      await runtime.advance(20)
    }
    await runtime.advance(1_000)
    for (const symbol of SYMBOLS) expect(bySymbol(got).get(symbol)).toEqual(range(1, 90))
    expect(failures).toEqual([])
    const round = (n: number) => new Set(stored.slice((n - 1) * SYMBOLS.length, n * SYMBOLS.length))
    expect(round(20)).toEqual(new Set(['a']))
    expect([...round(50)].map((sites) => sites.split(',').sort().join())).toEqual(
      ['a,b', 'a,b'].slice(0, round(50).size),
    )
    expect(round(80)).toEqual(new Set(['b']))
  })
})

describe('routes that change', () => {
  it('are one generation, which status, explain and events name', async () => {
    const { runtime, actor } = stage('a', 'b')
    const { client, events } = actor()
    await runtime.advance(100)
    expect([client.status().generation, client.explain('publish', quotes).generation]).toEqual([1, 1])
    expect(client.reroute([{ match: 'quotes.*', policy: primary('b') }])).toBe(2)
    expect(client.status().generation).toBe(2)
    expect(client.explain('publish', quotes, { params: { symbol: 'IBM' } })).toMatchObject({
      generation: 2,
      policy: 'primary(b)',
      sites: ['b'],
    })
    await runtime.advance(1)
    expect(only(events, 'rerouted')).toMatchObject([{ generation: 2 }])
  })

  it('say what is wrong with them, and then nothing has changed', async () => {
    const { actor } = stage('a', 'b')
    const { client } = actor()
    const bad = (routes: unknown) => () => client.reroute(routes as never)
    expect(
      bad([
        { match: '>', policy: primary('a') },
        { match: 'orders', policy: primary('x') },
      ]),
    ).toThrow('routes[1].policy: primary for "orders" names the site x; there are: a, b.')
    expect(bad([{ match: 'Orders', policy: primary('a') }])).toThrow(/^routes\[0\]\.match: "Orders" is no pattern/)
    expect(bad([{ match: 'orders', policy: 'all' }])).toThrow(
      'routes[0].policy: no policy; there are: all(), local(), nearest(), pinned(), primary(), weighted().',
    )
    expect(client.status().generation).toBe(1)
    client.subscribe(quotes, {}, { group: 'desk' })
    expect(bad([{ match: '>', policy: all() }])).toThrow(/a group needs one home site/)
    expect(client.explain('publish', quotes).policy).toBe('primary(a, b)')
  })
})

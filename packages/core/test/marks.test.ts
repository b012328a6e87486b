import { describe, expect, it } from 'vitest'
import { json, type StandardSchema, topic } from '../src/index.js'
import { gather, only, range, stage } from './stage.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const ticks = topic('ticks', json as StandardSchema<{ n: number }>)
/** What publishers say of `quotes`, as a topic of its own. */
const said = topic('sw.marks.quotes', json as StandardSchema<{ marks?: unknown; voids?: unknown; ends?: unknown }>)

const isQuote =
  (n: number) =>
  (body: string): boolean =>
    body.includes(`"n":${n}}`)

describe('a message that never reaches a reader', () => {
  it('is reported though nothing follows it: the publisher tells how far it came', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    reader.roads.a.swallows = ({ body }) => isQuote(5)(String(body))
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    for (const n of range(1, 5)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(15_000)
    expect(got.map(({ value }) => value.n)).toEqual([1, 2, 3, 4])
    expect(only(reader.events, 'gap')).toMatchObject([{ first: 5, last: 5, reason: 'missing' }])
    await runtime.advance(120_000)
    expect(only(reader.events, 'gap')).toHaveLength(1)
  })

  it('is reported after 2 s of a live topic', async () => {
    const { runtime, actor } = stage('a')
    const [reader, writer] = [actor(), actor()]
    reader.roads.a.swallows = ({ body }) => isQuote(3)(String(body))
    gather(reader.client.subscribe(ticks))
    await runtime.advance(100)
    for (const n of range(1, 3)) void writer.client.publish(ticks, { n })
    await runtime.advance(6_000)
    expect(only(reader.events, 'gap')).toMatchObject([{ first: 3, last: 3, reason: 'missing' }])
  })

  it('is reported when its publisher closed right after it', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    reader.roads.a.swallows = ({ body }) => isQuote(5)(String(body))
    gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    for (const n of range(1, 5)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(20)
    void writer.client.close()
    await runtime.advance(15_000)
    expect(only(reader.events, 'gap')).toMatchObject([{ first: 5, last: 5, reason: 'missing' }])
  })

  it('is no gap for who reads other paths only', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    const got = gather(reader.client.subscribe(quotes, { symbol: 'IBM' }))
    await runtime.advance(100)
    for (const symbol of ['IBM', 'MSFT', 'AAPL'])
      for (const n of range(1, 5)) void writer.client.publish(quotes, { symbol, n })
    await runtime.advance(60_000)
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 5))
    expect(only(reader.events, 'gap')).toEqual([])
  })
})

describe('a reader that is cut from the one site where the publisher is', () => {
  it('learns of what it lacks at the other one, reports it once after 60 s, and gets all of it late when the cut heals', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    for (const n of range(1, 10)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(100)
    engines.a.kill()
    await runtime.advance(1_000)
    engines.a.restart({ data: 'keep' })
    reader.roads.b.cut()
    await runtime.advance(3_000)
    for (const n of range(11, 20)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(50_000)
    expect(got).toHaveLength(10)
    expect(only(reader.events, 'gap')).toEqual([])
    await runtime.advance(25_000)
    expect(only(reader.events, 'gap')).toMatchObject([{ first: 11, last: 20, reason: 'site-unreachable' }])
    expect(reader.client.status().subscriptions).toMatchObject([{ missing: ['b'], gapsOpen: 10 }])
    reader.roads.b.heal()
    await runtime.advance(60_000)
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 20))
    expect(only(reader.events, 'gap-closed').map(({ seq }) => seq)).toEqual(range(11, 20))
    expect(only(reader.events, 'gap')).toHaveLength(1)
    expect(reader.client.status().subscriptions).toMatchObject([{ missing: [], gapsOpen: 0 }])
  })
})

describe('a reader that is slower than its channel', () => {
  it('is not told of gaps for what it has not come to yet', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    const slow = reader.client.subscribe(quotes, {}, { buffer: 10 })
    await runtime.advance(100)
    for (const n of range(1, 3_000)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(180_000)
    expect(only(reader.events, 'gap')).toEqual([])
    const got = gather(slow)
    await runtime.advance(60_000)
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 3_000))
    expect(got.filter(({ late }) => late)).toEqual([])
    expect(only(reader.events, 'gap')).toEqual([])
  })
})

describe('a refused message', () => {
  it('holds nobody up, and is no gap', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    writer.roads.a.refuses = isQuote(5)
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    const ends = range(1, 9).map((n) => writer.client.publish(quotes, { symbol: 'IBM', n }).catch(() => n))
    await runtime.advance(50)
    expect(got.map(({ value }) => value.n)).toEqual([1, 2, 3, 4, 6, 7, 8, 9])
    expect((await Promise.all(ends))[4]).toBe(5)
    await runtime.advance(120_000)
    expect(only(reader.events, 'gap')).toEqual([])
  })

  it('is no gap either when the first word of it is lost: it is repeated', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    let words = 0
    for (const road of [writer.roads.a, writer.roads.b]) {
      road.refuses = isQuote(5)
      road.forgets = (body) => body.includes('voids') && ++words <= 2
    }
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    for (const n of range(1, 9)) writer.client.publish(quotes, { symbol: 'IBM', n }).catch(() => undefined)
    await runtime.advance(120_000)
    expect(words).toBeGreaterThan(2)
    expect(got.map(({ value }) => value.n)).toEqual([1, 2, 3, 4, 6, 7, 8, 9])
    expect(only(reader.events, 'gap')).toEqual([])
  })
})

describe('what publishers say of their lanes', () => {
  it('goes to the other sites while they run, to their home when they fall idle, and ends', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [listener, writer] = [actor(), actor()]
    const heard = gather(listener.client.subscribe(said))
    await runtime.advance(100)
    for (const n of range(1, 100)) {
      void writer.client.publish(quotes, { symbol: 'IBM', n })
      await runtime.advance(100)
    }
    expect(heard.map(({ site }) => site)).toEqual(['b', 'b'])
    await runtime.advance(60_000)
    expect(heard.filter(({ site }) => site === 'a')).toHaveLength(2)
    const before = heard.length
    expect(before).toBeLessThanOrEqual(6)
    await runtime.advance(600_000)
    expect(heard).toHaveLength(before)
    const closed = writer.client.close()
    await runtime.advance(100)
    await closed
    expect(heard.slice(before).map(({ value }) => Object.keys(value))).toEqual([
      ['v', 'ends'],
      ['v', 'ends'],
    ])
  })

  it('reaches a site that was away when it returns', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    engines.b.kill()
    const [listener, writer] = [actor(), actor()]
    const heard = gather(listener.client.subscribe(said))
    await runtime.advance(100)
    void writer.client.publish(quotes, { symbol: 'IBM', n: 1 })
    await runtime.advance(60_000)
    expect(heard.filter(({ site }) => site === 'b')).toEqual([])
    // Who listens is there first: what is said on the return is said once.
    writer.roads.b.cut()
    engines.b.restart({ data: 'keep' })
    await runtime.advance(31_000)
    writer.roads.b.heal()
    await runtime.advance(60_000)
    expect(heard.filter(({ site }) => site === 'b').length).toBeGreaterThan(0)
  })

  it('says a void again within a second where nothing could be said when it was new', async () => {
    const { runtime, actor } = stage('a')
    const reader = actor()
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    const writer = actor()
    writer.roads.a.refuses = isQuote(2)
    // Its first link is on the way: there is no channel for marks yet.
    for (const n of range(1, 3)) void writer.client.publish(quotes, { symbol: 'IBM', n }).catch(() => {})
    await runtime.advance(1_200)
    expect(got.map(({ value }) => value.n)).toEqual([1, 3])
    expect(only(reader.events, 'gap')).toEqual([])
  })
})

describe('a site that has no channel for marks', () => {
  it.each(['reads', 'publishes'])('is named in the status of who %s there, with the reason', async (what) => {
    const { runtime, engines, actor } = stage('a', 'b')
    const { client } = actor()
    engines.b.revoke('sw.marks.numbers')
    await runtime.advance(100)
    expect(client.status().unmarked).toEqual([])
    const numbers = topic('numbers', json as StandardSchema<{ n: number }>, { delivery: 'durable' })
    if (what === 'reads') void gather(client.subscribe(numbers))
    else await client.publish(numbers, { n: 1 })
    await runtime.advance(100)
    expect(client.status().unmarked).toEqual([{ topic: 'numbers', site: 'b', reason: expect.stringMatching(/./) }])
    engines.b.permit('sw.marks.numbers')
    await runtime.advance(60_000)
    expect(client.status().unmarked).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { all, json, primary, queue, rpc, type StandardSchema, topic } from '../src/index.js'
import { gather, only, range, stage } from './stage.js'

const numbers = json as StandardSchema<{ n: number }>
const quotes = topic('quotes', numbers, { delivery: 'durable' })
const ticks = topic('ticks', numbers)
const orders = queue('orders', numbers)
const price = rpc('prices', numbers, numbers)

describe('the record of a failover', () => {
  it('is told by who only subscribes: first sign, detection, the first message after, what was replayed, and that nothing is missing', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const reader = actor()
    const writer = actor()
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    const publish = (first: number, last: number) =>
      range(first, last).map((n) => writer.client.publish(quotes, { n }, { timeout: '60s' }))
    await Promise.all(publish(1, 3))
    engines.a.hang()
    const pending = publish(4, 6)
    await runtime.advance(5_000)
    await Promise.all([...pending, ...publish(7, 8)])
    await runtime.advance(1_000)
    const [told, ...others] = only(reader.events, 'failover')
    expect(told).toMatchObject({ site: 'a', lanes: 0, reason: expect.stringContaining('said nothing for') })
    expect(others).toEqual([])
    expect(only(reader.events, 'failover-record')).toEqual([])

    engines.a.heal()
    await runtime.advance(60_000)
    const [record, ...more] = only(reader.events, 'failover-record')
    expect(more).toEqual([])
    const { backAt = 0, detectedAt = 0, firstMessageAt = 0, firstSignAt = Infinity } = record ?? {}
    expect(told).toMatchObject({ firstSignAt, detectedAt })
    expect(detectedAt - firstSignAt).toBeGreaterThanOrEqual(2_500)
    // The publisher may notice before the reader does.
    expect(firstMessageAt - firstSignAt).toBeGreaterThanOrEqual(1_500)
    expect(firstMessageAt - detectedAt).toBeLessThan(1_000)
    expect(backAt).toBeGreaterThan(firstMessageAt)
    expect(record?.at).toBe(backAt + 10_000)
    // 4 to 6 were sent before anybody knew; whatever of them the hung site took besides is swallowed.
    expect(record).toMatchObject({ site: 'a', lanes: 0, switchedAt: undefined, missing: 0, unnamed: 0 })
    expect(record?.replayed).toBeGreaterThanOrEqual(3)
    expect((record?.received ?? 0) - (record?.duplicates ?? 0)).toBe(5)
    expect(record?.reads).toEqual([
      {
        channel: 'quotes',
        kind: 'topic',
        firstMessageAt,
        received: record?.received,
        replayed: record?.replayed,
        duplicates: record?.duplicates,
        missing: 0,
      },
    ])
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 8))

    const [sent] = only(writer.events, 'failover-record')
    expect(sent).toMatchObject({ lanes: 1, switchedAt: sent?.detectedAt, firstMessageAt: undefined, reads: [] })
  })

  it('names each subscription, worker and responder that listened there, and no other', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const one = actor({
      routes: [
        { match: 'ticks', policy: primary('b') },
        { match: '>', policy: all() },
      ],
    })
    const other = actor()
    one.client.subscribe(quotes)
    one.client.subscribe(ticks)
    one.client.consume(orders, () => undefined)
    one.client.respond(price, ({ n }) => ({ n }))
    await runtime.advance(100)
    engines.a.kill()
    await runtime.advance(100)
    await other.client.send(orders, { n: 1 })
    await other.client.request(price, { n: 1 })
    await runtime.advance(100_000)
    const [record] = only(one.events, 'failover-record')
    expect(record?.at).toBe((record?.detectedAt ?? 0) + 90_000)
    expect(record?.backAt).toBeUndefined()
    expect(record?.reads.map(({ channel, kind, received }) => [channel, kind, received])).toEqual([
      ['quotes', 'topic', 0],
      ['orders', 'queue', 1],
      ['prices', 'rpc', 1],
    ])
  })

  it('says what is missing: acknowledged by a site that was destroyed, when its publisher died as well', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const reader = actor()
    const writer = actor()
    void gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    await Promise.all(range(1, 2).map((n) => writer.client.publish(quotes, { n })))
    await runtime.advance(100)
    reader.roads.a.swallows = ({ body }) => String(body).includes('"n":3')
    writer.roads.b.forgets = (body, channel) => channel === 'quotes' && body.includes('"n":3')
    await writer.client.publish(quotes, { n: 3 })
    await runtime.advance(100)
    engines.a.kill()
    await runtime.advance(100)
    await writer.client.publish(quotes, { n: 4 })
    await runtime.advance(100_000)
    expect(only(reader.events, 'gap')).toMatchObject([{ first: 3, last: 3 }])
    expect(only(reader.events, 'failover-record')).toMatchObject([{ site: 'a', missing: 1, reads: [{ missing: 1 }] }])
  })

  it('is told of what is not over when the site is lost again and when the client closes', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const reader = actor()
    void gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    engines.a.kill()
    engines.a.restart({ data: 'keep' })
    await runtime.advance(3_000)
    expect(reader.client.status().sites[0]?.state).toBe('up')
    engines.a.kill()
    await runtime.advance(10)
    expect(only(reader.events, 'failover')).toHaveLength(2)
    expect(only(reader.events, 'failover-record')).toHaveLength(1)
    const closed = reader.client.close({ timeout: '10ms' })
    await runtime.advance(1_000)
    await closed
    const records = only(reader.events, 'failover-record')
    expect(records.map(({ backAt }) => backAt === undefined)).toEqual([false, true])
    expect(runtime.pending).toBe(0)
  })
})

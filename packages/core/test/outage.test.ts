import { createEngine, memory } from '@spanwire/driver-memory'
import { expect, it } from 'vitest'
import { createClient, json, MessagingError, type StandardSchema, topic } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const here = { environment: 'on-prem' } as const
const ROOM = 10_000
const SYMBOLS = 10

it('keeps what its outbox holds while all sites are down for 30 s, refuses the rest with a reason, and hands it over once and in order', async () => {
  const runtime = virtualRuntime()
  const [a, b] = [createEngine({ clock: runtime, name: 'a' }), createEngine({ clock: runtime, name: 'b' })]
  const client = createClient({
    here,
    runtime,
    outbox: { wait: '2m' },
    sites: {
      a: { location: here, driver: memory(a), endpoints: ['a'] },
      b: { location: here, driver: memory(b), endpoints: ['b'] },
    },
  })
  await runtime.advance(100)
  const got = new Map<string, number[]>()
  void (async () => {
    for await (const { value } of client.subscribe(quotes)) {
      const seen = got.get(value.symbol)
      if (seen === undefined) got.set(value.symbol, [value.n])
      else seen.push(value.n)
    }
  })()
  await runtime.advance(100)
  a.kill()
  b.kill()
  await runtime.advance(10)

  const ends = { done: 0, refused: 0, others: 0 }
  const reasons = new Set<string>()
  const refused = (error: unknown) => {
    if (!MessagingError.is(error) || error.code !== 'unavailable') ends.others += 1
    else {
      ends.refused += 1
      reasons.add(error.message.replace(/\d+(\.\d+)?/g, '#'))
    }
  }
  let n = 0
  for (let ms = 0; ms < 30_000; ms += 100) {
    for (let at = 0; at < 100; at++, n++)
      client.publish(quotes, { symbol: `S${n % SYMBOLS}`, n }).then(() => void ends.done++, refused)
    await runtime.advance(100)
    expect(client.status().outbox.messages).toBe(Math.min(n, ROOM))
  }
  expect(ends).toEqual({ done: 0, refused: n - ROOM, others: 0 })
  expect([...reasons].every((reason) => /^the outbox is full .*: a is .*; b is /.test(reason))).toBe(true)

  a.restart({ data: 'keep' })
  b.restart({ data: 'keep' })
  await runtime.advance(40_000)
  expect(ends).toEqual({ done: ROOM, refused: n - ROOM, others: 0 })
  for (let at = 0; at < SYMBOLS; at++) {
    const own = Array.from({ length: ROOM / SYMBOLS }, (_, round) => round * SYMBOLS + at)
    expect(got.get(`S${at}`)).toEqual(own)
  }
  expect(client.status().outbox).toEqual({ messages: 0, bytes: 0 })
  void client.close()
  await runtime.advance(1_000)
})

it.each([0.999, 0.9])(
  'finds a site that is back within 5 s where messages wait for it, and seldom asks where none do, dice at %d',
  async (dice) => {
    const runtime = { ...virtualRuntime(), random: () => dice }
    const engine = createEngine({ clock: runtime, name: 'a' })
    const site = memory(engine)
    let dials = 0
    const connect: typeof site.connect = (...args) => {
      dials += 1
      return site.connect(...args)
    }
    const client = createClient({
      here,
      runtime,
      sites: { a: { location: here, driver: { ...site, connect }, endpoints: ['a'] } },
    })
    await runtime.advance(100)
    engine.kill()
    await runtime.advance(35_000)
    expect(dials).toBeLessThanOrEqual(10)
    const ends: string[] = []
    const publish = async () => {
      for (let n = 0; n < 10; n++) {
        void client.publish(quotes, { symbol: 'IBM', n }).then(
          () => ends.push('done'),
          (error: unknown) => ends.push(String(error)),
        )
        await runtime.advance(500)
      }
    }
    await publish()
    expect(dials).toBeLessThanOrEqual(12)
    engine.restart({ data: 'keep' })
    await runtime.advance(5_500)
    expect(ends).toEqual(Array.from({ length: 10 }, () => 'done'))
    void client.close()
    await runtime.advance(1_000)
  },
)

it.each([0.999, 0.9])('finds a site within 5 s where somebody reads and none is reached, dice at %d', async (dice) => {
  const runtime = { ...virtualRuntime(), random: () => dice }
  const [a, b] = [createEngine({ clock: runtime, name: 'a' }), createEngine({ clock: runtime, name: 'b' })]
  const sites = {
    a: { location: here, driver: memory(a), endpoints: ['a'] },
    b: { location: here, driver: memory(b), endpoints: ['b'] },
  }
  const reader = createClient({ here, runtime, sites })
  const subscription = reader.subscribe(quotes)
  await runtime.advance(100)
  a.kill()
  b.kill()
  await runtime.advance(35_000)
  b.restart({ data: 'keep' })
  await runtime.advance(5_500)
  expect(subscription.status().attached).toEqual(['b'])
  void reader.close()
  await runtime.advance(1_000)
})

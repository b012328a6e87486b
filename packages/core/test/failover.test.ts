import { describe, expect, it } from 'vitest'
import { type ClientOptions, json, queue, rpc, type StandardSchema, topic } from '../src/index.js'
import { only } from './stage.js'
import { follow, settling, twoEngines } from './two-engines.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const orders = queue('orders', json as StandardSchema<{ n: number }>)
const price = rpc('prices', json as StandardSchema<{ n: number }>, json as StandardSchema<{ n: number }>)

/** Two engines and their clients on one clock that only the test moves. */
function stage(options: Partial<ClientOptions<'a' | 'b'>> = {}) {
  let isLocked = false
  const { client, ...engines } = twoEngines({ authenticate: (site) => site === 'b' || !isLocked })
  const lock = (yes: boolean): void => {
    isLocked = yes
  }
  return { ...engines, client: () => client(options), follow, lock }
}

describe('a site that hangs', () => {
  it('is suspected after 1.5 s of silence and left after 2.5 s, and everything pending moves or fails at that moment', async () => {
    const { runtime, a, client, follow } = stage()
    const one = client()
    const events = follow(one)
    const responder = client().respond(price, ({ n }) => ({ n }))
    await runtime.advance(100)
    await responder.ready
    expect((await one.publish(quotes, { symbol: 'IBM', n: 1 })).sites).toEqual(['a'])
    await one.send(orders, { n: 1 })
    await one.request(price, { n: 1 })
    await runtime.advance(10_000)

    a.hang()
    const published = settling(one.publish(quotes, { symbol: 'IBM', n: 2 }))
    const sent = settling(one.send(orders, { n: 2 }))
    const asked = settling(one.request(price, { n: 2 }, { timeout: '20s' }))
    // It was heard last up to a second before.
    const state = () => one.status().sites[0]?.state
    while (state() === 'up') await runtime.advance(1)
    expect(state()).toBe('suspect')
    expect(one.explain('publish', quotes, { params: { symbol: 'IBM' } }).sites).toEqual(['b', 'a'])
    expect(one.status().sites[0]?.trouble).toMatch(/^is suspect: last heard 1\.[56] s ago/)
    expect(one.explain('publish', quotes).trace.at(-1)).toMatch(/^a is suspect: last heard/)
    expect([published, sent, asked]).toEqual([{}, {}, {}])
    while (state() === 'suspect') await runtime.advance(1)
    await runtime.advance(0)
    expect(published.value?.sites).toEqual(['b'])
    expect(sent.value?.sites).toEqual(['b'])
    expect(asked.error?.code).toBe('outcome-unknown')
    const { outage, trouble } = one.status().sites[0] ?? {}
    expect(trouble).toMatch(
      /^is down \(first sign 2\.[56] s ago, detected 0\.0 s ago\): a has said nothing for 2[56]\d\d ms/,
    )
    expect((outage?.detectedAt ?? 0) - (outage?.firstSignAt ?? 0)).toBeGreaterThanOrEqual(2_500)

    const [failover] = only(events, 'failover')
    expect(failover).toMatchObject({ site: 'a', lanes: 2, reason: expect.stringContaining('said nothing for') })
    const silentMs = (failover?.detectedAt ?? 0) - (failover?.firstSignAt ?? 0)
    expect(silentMs).toBeGreaterThanOrEqual(2_500)
    expect(silentMs).toBeLessThanOrEqual(2_750)
    expect(failover?.at).toBe(failover?.detectedAt)
    expect(only(events, 'moved').every(({ ms }) => ms === silentMs)).toBe(true)
  })

  it('never makes a request failed that may have run there, though no site is left to ask again', async () => {
    const { runtime, a, b, client } = stage()
    const safe = rpc('safe', json as StandardSchema<object>, json as StandardSchema<object>, { idempotent: true })
    const responder = client().respond(safe, () => ({}))
    const one = client()
    await runtime.advance(100)
    await responder.ready
    await one.request(safe, {})
    b.kill()
    a.hang()
    const asked = settling(one.request(safe, {}, { timeout: '5s' }))
    await runtime.advance(6_000)
    expect(asked.error).toMatchObject({ code: 'outcome-unknown', site: 'a' })
  })

  it('stays when it is heard again in time', async () => {
    const { runtime, a, client, follow } = stage()
    const one = client()
    const events = follow(one)
    await runtime.advance(100)
    await one.publish(quotes, { symbol: 'IBM', n: 1 })
    a.hang()
    const published = settling(one.publish(quotes, { symbol: 'IBM', n: 2 }))
    await runtime.advance(2_200)
    a.heal()
    await runtime.advance(60_000)
    expect(published.value?.sites).toEqual(['a'])
    expect(only(events, 'moved')).toEqual([])
    expect(only(events, 'site').map(({ to }) => to)).toEqual(['dialing', 'dialing', 'up', 'up', 'suspect', 'up'])
    expect(a.counts().links).toBe(1)
  })

  it('is read no more and resumed elsewhere: nothing is lost or doubled when it wakes', async () => {
    const { runtime, a, client } = stage()
    const reader = client()
    const writer = client()
    const got: number[] = []
    void (async () => {
      for await (const { value } of reader.subscribe(quotes)) got.push(value.n)
    })()
    await runtime.advance(100)
    for (let n = 1; n <= 300; n++) {
      void writer.publish(quotes, { symbol: 'IBM', n })
      if (n === 100) a.hang()
      if (n === 200) a.heal()
      await runtime.advance(50)
    }
    await runtime.advance(10_000)
    expect(got).toEqual(Array.from({ length: 300 }, (_, at) => at + 1))
  })

  it('is given the patience that its options say', async () => {
    const { runtime, a, client } = stage({ health: { beat: '5s', suspect: '7500ms', down: '12s' } })
    const one = client()
    await runtime.advance(100)
    a.hang()
    await runtime.advance(7_000)
    expect(one.status().sites[0]?.state).toBe('up')
    await runtime.advance(2_000)
    expect(one.status().sites[0]?.state).toBe('suspect')
    await runtime.advance(5_000)
    expect(one.status().sites[0]?.state).toMatch(/waiting|dialing/)
  })

  it('refuses patience that does not ascend', () => {
    const { client } = stage()
    expect(client).not.toThrow()
    expect(stage({ health: { suspect: '3s' } }).client).toThrow(/sites\.a\.health: .* must ascend/)
  })
})

describe('a channel that is ill while its site lives', () => {
  const other = topic('ticks.{symbol}', json as StandardSchema<{ symbol: string }>, { delivery: 'durable' })

  it('moves alone when its sends are refused, and takes new lanes again when it answers', async () => {
    const { runtime, a, client, follow } = stage()
    const one = client()
    const events = follow(one)
    await runtime.advance(100)
    await one.publish(quotes, { symbol: 'IBM', n: 1 })
    await one.publish(other, { symbol: 'IBM' })
    a.fault('quotes', 'leaderless')
    const moved = settling(one.publish(quotes, { symbol: 'IBM', n: 2 }))
    await runtime.advance(1_000)
    expect(moved.value?.sites).toEqual(['b'])
    // Since the first refusal: it was sent there once more, 13 to 100 ms later.
    const [move, ...more] = only(events, 'moved')
    expect(more).toEqual([])
    expect(move?.ms).toBeGreaterThanOrEqual(13)
    expect(move?.ms).toBeLessThanOrEqual(100)
    expect(move?.reason).toMatch(/leader/)
    expect((await one.publish(other, { symbol: 'IBM' })).sites).toEqual(['a'])
    for (const n of [3, 4]) {
      const next = settling(one.publish(quotes, { symbol: `NEW${n}`, n }))
      await runtime.advance(1_000)
      expect(next.value?.sites).toEqual(['b'])
    }
    expect(one.status().sites[0]?.state).toBe('up')
    a.cure('quotes')
    await runtime.advance(20_000)
    expect((await one.publish(quotes, { symbol: 'LATER', n: 5 })).sites).toEqual(['a'])
    expect(only(events, 'failover')).toEqual([])
  })

  it('is tried again at once when the site that took its lanes is lost', async () => {
    const { runtime, a, b, client } = stage()
    const one = client()
    await runtime.advance(100)
    a.fault('quotes', 'stalled')
    const moved = settling(one.publish(quotes, { symbol: 'IBM', n: 1 }))
    // By then it is looked at only now and then.
    await runtime.advance(33_000)
    expect(moved.value?.sites).toEqual(['b'])
    a.cure('quotes')
    b.kill()
    const back = settling(one.publish(quotes, { symbol: 'IBM', n: 2 }))
    await runtime.advance(100)
    expect(back.value?.sites).toEqual(['a'])
  })

  it('moves alone when nobody answers its sends, within 2.75 s, jobs as well', async () => {
    const { runtime, a, client, follow } = stage()
    const one = client()
    const events = follow(one)
    await runtime.advance(100)
    await one.publish(quotes, { symbol: 'IBM', n: 1 })
    await one.send(orders, { n: 1 })
    const since = runtime.wall()
    a.fault('quotes', 'stalled')
    a.fault('orders', 'stalled')
    const published = settling(one.publish(quotes, { symbol: 'IBM', n: 2 }))
    const sent = settling(one.send(orders, { n: 2 }))
    await runtime.advance(2_400)
    expect([published, sent]).toEqual([{}, {}])
    await runtime.advance(400)
    expect(published.value?.sites).toEqual(['b'])
    expect(sent.value?.sites).toEqual(['b'])
    const moves = only(events, 'moved')
    expect(moves.map(({ channel }) => channel)).toEqual(['quotes.IBM', 'orders'])
    // Since they were handed over, as it looks every 250 ms.
    for (const { at, ms } of moves) expect(Math.floor((at - ms - since) / 250)).toBe(0)
    expect(one.status().sites[0]?.state).toBe('up')
    const elsewhere = settling(one.publish(other, { symbol: 'IBM' }))
    await runtime.advance(10)
    expect(elsewhere.value?.sites).toEqual(['a'])
  })

  it('is read again by who subscribed, as soon as it gives signs of life, with nothing lost or doubled', async () => {
    const { runtime, a, client } = stage()
    const reader = client()
    const writer = client()
    const got: number[] = []
    const subscription = reader.subscribe(quotes)
    void (async () => {
      for await (const { value } of subscription) got.push(value.n)
    })()
    await runtime.advance(100)
    await writer.publish(quotes, { symbol: 'IBM', n: 1 })
    await runtime.advance(1_000)
    a.fault('quotes', 'stalled')
    await runtime.advance(4_000)
    expect(subscription.status()).toMatchObject({ attached: ['b'], missing: ['a'] })
    expect(reader.status().sites[0]?.state).toBe('up')
    a.cure('quotes')
    await runtime.advance(1_000)
    expect(subscription.status().attached).toEqual(['a', 'b'])
    for (const n of [2, 3]) await writer.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(100)
    expect(got).toEqual([1, 2, 3])
  })

  it('stays with who is slow but there', async () => {
    const { runtime, client } = stage()
    const server = client()
    server.respond(price, async ({ n }) => {
      await new Promise<void>((resolve) => void runtime.after(8_000, resolve))
      return { n }
    })
    const one = client()
    await runtime.advance(100)
    const asked = settling(one.request(price, { n: 1 }, { timeout: '20s' }))
    await runtime.advance(8_100)
    expect(asked.value).toEqual({ n: 1 })
  })
})

describe('a refused token', () => {
  it('causes no failover, and the error and the status name the site and the fix', async () => {
    const { runtime, a, b, client, follow, lock } = stage()
    const one = client()
    const events = follow(one)
    await runtime.advance(100)
    await one.publish(quotes, { symbol: 'IBM', n: 1 })
    lock(true)
    a.cut('credentials')
    const waiting = settling(one.publish(quotes, { symbol: 'IBM', n: 2 }))
    await runtime.advance(2_000)
    expect(waiting.error).toMatchObject({ code: 'unauthenticated', site: 'a' })
    expect(waiting.error?.message).toContain('check sites.a.credentials')
    const later = settling(one.publish(quotes, { symbol: 'IBM', n: 3 }))
    await runtime.advance(10)
    expect(later.error?.code).toBe('unauthenticated')
    expect(one.status().sites[0]).toMatchObject({
      state: 'disabled',
      error: { code: 'unauthenticated', message: expect.stringContaining('check sites.a.credentials') },
    })
    expect(only(events, 'moved')).toEqual([])
    expect(only(events, 'failover')).toEqual([])
    expect(b.depths().filter(({ messages }) => messages > 0)).toEqual([])

    lock(false)
    await runtime.advance(31_000)
    expect(one.status().sites[0]?.state).toBe('up')
    expect((await one.publish(quotes, { symbol: 'IBM', n: 4 })).sites).toEqual(['a'])
  })
})

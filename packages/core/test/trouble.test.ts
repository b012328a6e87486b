import { describe, expect, it } from 'vitest'
import { all, hop, json, type MessagingError, primary, queue, rpc, type StandardSchema, topic } from '../src/index.js'
import { first, take, twoSites } from './two-sites.js'

interface Quote {
  readonly symbol: string
  readonly n: number
}

const quoteSchema: StandardSchema<Quote> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { symbol, n } = Object(value) as Partial<Quote>
      if (typeof symbol === 'string' && typeof n === 'number') return { value: { symbol, n } }
      return { issues: [{ message: 'expected a quote', path: ['n'] }] }
    },
  },
}

const ticks = topic('ticks.{symbol}', quoteSchema)
const quotes = topic('quotes.{symbol}', quoteSchema, { delivery: 'durable' })
const raw = topic('quotes.{symbol}', json as StandardSchema<unknown>, { delivery: 'durable' })
const orders = queue('orders', json as StandardSchema<{ n: number }>, { retry: ['10ms'], lease: '200ms' })
const price = rpc('prices', json as StandardSchema<{ symbol: string }>, json as StandardSchema<{ price: number }>)
const failure = (promise: Promise<unknown>): Promise<MessagingError> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: MessagingError) => error,
  )

describe('when things go wrong', () => {
  it('refuses a value that its schema refuses before anything is sent', async () => {
    const { client } = twoSites()
    const error = await failure(client().publish(quotes, { symbol: 'IBM', n: 'x' } as never))
    expect(error).toMatchObject({ code: 'invalid' })
    expect(error.message).toContain('n: expected a quote')
  })

  it('gives an undecodable message to the events with its bytes, and the next one to the reader', async () => {
    const { client } = twoSites()
    const one = client()
    const subscription = one.subscribe(quotes)
    await subscription.ready
    const event = first(one, 'undecodable')
    await one.publish(raw, { symbol: 'IBM', nonsense: true }, { params: { symbol: 'IBM' } })
    await one.publish(quotes, { symbol: 'IBM', n: 2 })
    expect((await take(subscription, 1))[0]?.value.n).toBe(2)
    expect(await event).toMatchObject({ body: '{"symbol":"IBM","nonsense":true}', site: 'a' })
  })

  it('holds what no site can take up to its bound, then says unavailable with a reason per site', async () => {
    const { a, b, client } = twoSites({ outbox: { messages: 3, wait: 150 } })
    a.kill()
    b.kill()
    const one = client()
    const waiting = [1, 2, 3].map((n) => failure(one.publish(quotes, { symbol: 'IBM', n })))
    const beyond = await failure(one.publish(quotes, { symbol: 'IBM', n: 4 }))
    expect(beyond).toMatchObject({ code: 'unavailable' })
    expect(beyond.message).toMatch(/full/)
    for (const error of await Promise.all(waiting)) {
      expect(error.code).toBe('unavailable')
      expect(error.message).toMatch(/a is .*b is /)
    }
  })

  it('delivers what waited in the outbox as soon as a site is back', async () => {
    const { a, b, client } = twoSites()
    a.kill()
    b.kill()
    const one = client()
    const sent = one.publish(quotes, { symbol: 'IBM', n: 1 })
    b.restart({ data: 'keep' })
    expect((await sent).sites).toEqual(['b'])
  })

  it('calls a publish unknown when the only site that has it hangs past the deadline, and it may arrive later', async () => {
    const { a, b, client } = twoSites({ policy: primary('a') })
    b.kill()
    const one = client()
    const reader = client()
    const subscription = reader.subscribe(quotes)
    await subscription.ready
    await one.publish(quotes, { symbol: 'IBM', n: 1 })
    a.hang()
    const error = await failure(one.publish(quotes, { symbol: 'IBM', n: 2 }, { timeout: '100ms' }))
    expect(error.code).toBe('outcome-unknown')
    a.heal()
    expect((await take(subscription, 2)).map((message) => message.value.n)).toEqual([1, 2])
  })

  it('rejects a publish whose signal aborts: canceled when nothing left, unknown when it did', async () => {
    const { a, client } = twoSites({ policy: primary('a') })
    const one = client()
    await one.publish(quotes, { symbol: 'IBM', n: 1 })
    a.hang()
    const stop = new AbortController()
    const open = failure(one.publish(quotes, { symbol: 'IBM', n: 2 }, { signal: stop.signal }))
    await Promise.resolve()
    queueMicrotask(() => queueMicrotask(() => stop.abort()))
    expect(['outcome-unknown', 'canceled']).toContain((await open).code)
    expect((await failure(one.publish(quotes, { symbol: 'IBM', n: 3 }, { signal: AbortSignal.abort() }))).code).toBe(
      'canceled',
    )
  })

  it('goes on where it stopped, after a restart from a checkpoint, with nothing twice and nothing missing', async () => {
    const { client } = twoSites()
    const writer = client()
    const reader = client()
    const before = reader.subscribe(quotes)
    await before.ready
    for (let n = 1; n <= 50; n++) await writer.publish(quotes, { symbol: 'IBM', n })
    const seen: number[] = []
    let checkpoint = before.checkpoint()
    for await (const message of before) {
      seen.push(message.value.n)
      if (seen.length === 20) break
      checkpoint = before.checkpoint()
    }
    // The twentieth was in the loop's hands when the checkpoint was made: it comes again, as at least once says.
    await reader.close()
    for (let n = 51; n <= 60; n++) await writer.publish(quotes, { symbol: 'IBM', n })
    const after = client().subscribe(quotes, {}, { from: checkpoint })
    const rest = (await take(after, 42)).map((message) => message.value.n)
    expect(rest).toEqual(Array.from({ length: 42 }, (_, i) => i + 19))
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('shares the messages of a topic among a group, each to one member', async () => {
    const { client } = twoSites()
    const got: number[] = []
    const members = [client(), client()].map((one) => one.subscribe(quotes, {}, { group: 'g' }))
    await Promise.all(members.map((member) => member.ready))
    const reading = members.map(async (member) => {
      for await (const message of member) {
        got.push(message.value.n)
        if (got.length >= 100) for (const other of members) void other.stop()
      }
    })
    const writer = client()
    for (let n = 1; n <= 100; n++) await writer.publish(quotes, { symbol: 'IBM', n })
    await Promise.all(reading)
    expect(got.sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  it('refuses a group on an all() route when it is first used', () => {
    const { client } = twoSites({ policy: all() })
    expect(() => client().subscribe(quotes, {}, { group: 'g' })).toThrowError(/group needs one home site/)
  })

  it('runs a job once although its worker leaves in the middle of the others', async () => {
    const { client } = twoSites()
    const writer = client()
    const runs = new Map<number, number>()
    const settled = new Set<number>()
    let all100 = (): void => undefined
    const finished = new Promise<void>((resolve) => {
      all100 = resolve
    })
    const work = ({ n }: { n: number }): void => {
      runs.set(n, (runs.get(n) ?? 0) + 1)
      settled.add(n)
      if (settled.size === 100) all100()
    }
    const one = client().consume(orders, work, { concurrency: 4 })
    const two = client().consume(orders, work, { concurrency: 4 })
    await Promise.all([one.ready, two.ready])
    for (let n = 1; n <= 100; n++) {
      await writer.send(orders, { n })
      if (n === 50) void one.stop()
    }
    await finished
    expect([...runs.values()].every((count) => count === 1)).toBe(true)
  })

  it('says outcome-unknown for a request that a hung site may be running, and never runs it twice', async () => {
    const { a, client } = twoSites()
    const server = client()
    let runs = 0
    const responder = server.respond(price, () => {
      runs += 1
      return { price: 1 }
    })
    await responder.ready
    const asker = client()
    await asker.request(price, { symbol: 'IBM' })
    a.hang()
    const error = await failure(asker.request(price, { symbol: 'IBM' }, { timeout: '100ms' }))
    expect(error.code).toBe('outcome-unknown')
    a.heal()
    await asker.request(price, { symbol: 'IBM' })
    expect(runs).toBeLessThanOrEqual(3)
  })

  it('gives the text of a handler that failed to the requester', async () => {
    const { client } = twoSites()
    const server = client()
    await server.respond(price, () => {
      throw new Error('no such symbol')
    }).ready
    expect(await failure(client().request(price, { symbol: 'X' }))).toMatchObject({
      code: 'remote',
      message: 'no such symbol',
    })
  })

  it('drops the oldest live messages that a slow reader leaves lying, and says how many', async () => {
    const { client } = twoSites()
    const one = client()
    const subscription = one.subscribe(ticks, {}, { buffer: 10 })
    await subscription.ready
    const overflow = first(one, 'overflow')
    for (let n = 1; n <= 50; n++) await one.publish(ticks, { symbol: 'IBM', n })
    const { dropped } = await overflow
    expect(dropped).toBe(40)
    expect((await take(subscription, 10)).map((message) => message.value.n)).toEqual(
      Array.from({ length: 10 }, (_, i) => i + 41),
    )
  })

  it('loses nothing of a burst of live messages that fits into the buffer of who reads', async () => {
    const { client } = twoSites()
    const one = client()
    const subscription = one.subscribe(ticks, {}, { buffer: 3_000 })
    await subscription.ready
    const writer = client()
    const sent = Array.from({ length: 3_000 }, (_, n) => writer.publish(ticks, { symbol: 'IBM', n }))
    await Promise.all(sent)
    expect(await take(subscription, 3_000)).toHaveLength(3_000)
  })

  it('leaves its sites and comes back without a failure, and misses nothing durable meanwhile', async () => {
    const { client } = twoSites()
    const reader = client()
    const writer = client()
    const subscription = reader.subscribe(quotes)
    await subscription.ready
    await writer.publish(quotes, { symbol: 'IBM', n: 1 })
    await reader.suspend()
    expect(reader.status().sites.map((site) => site.state)).toEqual(['idle', 'idle'])
    await writer.publish(quotes, { symbol: 'IBM', n: 2 })
    reader.resume()
    expect((await take(subscription, 2)).map((message) => message.value.n)).toEqual([1, 2])
  })

  it('passes everything through a hop untouched: identity, order, replies', async () => {
    const { client } = twoSites()
    const link = hop(client())
    const channel = await link.open(quotes.spec, AbortSignal.timeout(1_000))
    const reception = await channel.receive({}, { messages: 100, bytes: 1 << 20 }, AbortSignal.timeout(1_000))
    const writer = client()
    const sent = await writer.publish(quotes, { symbol: 'IBM', n: 7 })
    const delivered = async (): Promise<string | undefined> => {
      for (let batch = await reception.next(); batch; batch = await reception.next()) {
        const [delivery] = batch.deliveries
        if (delivery !== undefined) return delivery.id
      }
      return undefined
    }
    expect(await delivered()).toBe(sent.id)
    const outcome = await new Promise((resolve) =>
      channel.send([{ id: 'AAAAAAAAAAAAAAAA-1.1.5', path: 'IBM', body: '{"symbol":"IBM","n":8}' }], (_, result) =>
        resolve(result),
      ),
    )
    expect(outcome).toMatchObject({ outcome: 'done' })
    expect(await delivered()).toBe('AAAAAAAAAAAAAAAA-1.1.5')
    await reception.stop(AbortSignal.abort())
  })
})

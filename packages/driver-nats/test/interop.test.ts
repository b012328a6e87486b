import { jetstream } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { type Client, createClient, json, type Message, rpc, type StandardSchema, topic } from '@spanwire/core'
import { type Engines, startEngines } from '@spanwire/testkit/engines'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nats } from '../src/index.js'
import { findPython, type Python, python } from './rig/python.js'

interface Quote {
  readonly symbol: string
  readonly bid: number
}

const quotes = topic('quotes.{symbol}', shape<Quote>())
const trades = topic('trades.{symbol}', shape<Quote>(), { delivery: 'durable' })
const price = rpc('prices', shape<{ symbol: string }>(), shape<{ price: number }>())
const here = { environment: 'on-prem' } as const
/** The client's identity: publisher, lane, number, time. */
const ID = /^[A-Za-z0-9_-]{16}-\d+\.\d+\.\d+$/

let engines: Engines
let endpoint: string
let plain: NatsConnection
let client: Client
let snake: Python

beforeAll(async () => {
  engines = await startEngines({ engine: 'nats' })
  endpoint = engines.sites[0]?.endpoints[0] ?? ''
  plain = await connect({ servers: endpoint })
  client = createClient({ here, sites: { one: { location: here, driver: nats(), endpoints: [endpoint] } } })
  snake = await findPython()
}, 180_000)

afterAll(async () => {
  await client.close()
  await plain.close()
  await engines.stop()
})

describe('a program on plain nats.js', () => {
  it('reads what we publish live: subject, JSON and headers as anybody would write them', async () => {
    const subscription = plain.subscribe('quotes.*', { max: 1 })
    await plain.flush()
    await client.publish(quotes, { symbol: 'BRK.B', bid: 187.2 }, { headers: { tenant: 'Zürich' } })
    for await (const message of subscription) {
      expect(message.subject).toBe('quotes.BRK_2eB')
      expect(message.json()).toEqual({ symbol: 'BRK.B', bid: 187.2 })
      expect(message.headers?.get('tenant')).toBe('Zürich')
      expect(message.headers?.get('Nats-Msg-Id')).toMatch(ID)
    }
  })

  it('reads what we store, from the stream', async () => {
    await client.publish(trades, { symbol: 'IBM', bid: 1 })
    const stream = await jetstream(plain).consumers.get(await streamOf('trades.IBM'))
    const message = await stream.next({ expires: 5_000 })
    expect(message?.subject).toBe('trades.IBM')
    expect(message?.json()).toEqual({ symbol: 'IBM', bid: 1 })
    expect(message?.headers?.get('Nats-Msg-Id')).toMatch(ID)
  })

  it('writes what we subscribe to, live and stored, with its headers and without any', async () => {
    const live = client.subscribe(quotes)
    const stored = client.subscribe(trades)
    await Promise.all([live.ready, stored.ready])
    const tenant = headers()
    tenant.set('Tenant', 'acme')
    plain.publish('quotes.MSFT', JSON.stringify({ symbol: 'MSFT', bid: 2 }), { headers: tenant })
    await jetstream(plain).publish('trades.MSFT', JSON.stringify({ symbol: 'MSFT', bid: 3 }))
    const [quote] = await take(live, 1)
    expect(quote).toMatchObject({
      value: { symbol: 'MSFT', bid: 2 },
      params: { symbol: 'MSFT' },
      headers: { tenant: 'acme' },
    })
    expect(quote?.source).toBeUndefined()
    const [trade] = await take(stored, 1)
    expect(trade).toMatchObject({ value: { symbol: 'MSFT', bid: 3 }, params: { symbol: 'MSFT' }, headers: {} })
  })

  it('asks us, and we ask it', async () => {
    const server = client.respond(price, ({ symbol }) => ({ price: symbol.length }))
    await server.ready
    const reply = await plain.request('prices', JSON.stringify({ symbol: 'MSFT' }), { timeout: 5_000 })
    expect(reply.json()).toEqual({ price: 4 })
    await server.stop()
    const subscription = plain.subscribe('prices', {
      queue: 'desk',
      callback: (_, message) => {
        const { symbol } = message.json<{ symbol: string }>()
        message.respond(JSON.stringify({ price: symbol.length * 10 }))
      },
    })
    await plain.flush()
    expect(await client.request(price, { symbol: 'IBM' })).toEqual({ price: 30 })
    subscription.unsubscribe()
    await plain.flush()
  })

  it('is told when we fail to answer it', async () => {
    const server = client.respond(price, () => {
      throw new Error('no such symbol')
    })
    await server.ready
    const reply = await plain.request('prices', JSON.stringify({ symbol: '?' }), { timeout: 5_000 })
    expect([...(reply.headers ?? [])].flat(2).join(' ')).toContain('no such symbol')
    await server.stop()
  })
})

describe('a program on nats-py', () => {
  it('reads what we publish live and what we store', async (context) => {
    if ('missing' in snake) return context.skip(snake.missing)
    const listening = python(snake.path, endpoint, 'listen', 'quotes.*', '1')
    await listening.ready
    await client.publish(quotes, { symbol: 'SAP', bid: 5 }, { headers: { tenant: 'Zürich' } })
    const [quote] = await listening.said
    expect(quote).toMatchObject({ subject: 'quotes.SAP', headers: { tenant: 'Zürich' } })
    expect(quote?.headers['Nats-Msg-Id']).toMatch(ID)
    expect(JSON.parse(quote?.body ?? '')).toEqual({ symbol: 'SAP', bid: 5 })
    await client.publish(trades, { symbol: 'SAP', bid: 6 })
    const [trade] = await python(snake.path, endpoint, 'read', 'trades.SAP', '1').said
    expect(JSON.parse(trade?.body ?? '')).toEqual({ symbol: 'SAP', bid: 6 })
  })

  it('writes what we subscribe to, live and stored', async (context) => {
    if ('missing' in snake) return context.skip(snake.missing)
    const live = client.subscribe(quotes)
    const stored = client.subscribe(trades)
    await Promise.all([live.ready, stored.ready])
    await python(snake.path, endpoint, 'publish', 'quotes.ASML', '{"symbol":"ASML","bid":7}', '{"tenant":"acme"}').said
    await python(snake.path, endpoint, 'store', 'trades.ASML', '{"symbol":"ASML","bid":8}', '{}').said
    expect((await take(live, 1))[0]).toMatchObject({ value: { symbol: 'ASML', bid: 7 }, headers: { tenant: 'acme' } })
    expect((await take(stored, 1))[0]).toMatchObject({ value: { symbol: 'ASML', bid: 8 } })
  })

  it('asks us, and we ask it', async (context) => {
    if ('missing' in snake) return context.skip(snake.missing)
    const server = client.respond(price, ({ symbol }) => ({ price: symbol.length }))
    await server.ready
    const [reply] = await python(snake.path, endpoint, 'ask', 'prices', '{"symbol":"MSFT"}').said
    expect(JSON.parse(reply?.body ?? '')).toEqual({ price: 4 })
    await server.stop()
    const answering = python(snake.path, endpoint, 'answer', 'prices', '1')
    await answering.ready
    expect(await client.request(price, { symbol: 'NESTLE' })).toEqual({ price: 6 })
    await answering.said
  })
})

/** Any JSON, taken for what it is said to be. */
function shape<T>(): StandardSchema<T> {
  return json as StandardSchema<T>
}

async function take<T>(from: AsyncIterable<Message<T>>, count: number): Promise<Message<T>[]> {
  const got: Message<T>[] = []
  for await (const one of from) {
    got.push(one)
    if (got.length === count) break
  }
  return got
}

/** The stream that takes the subject, as any program can ask. */
async function streamOf(subject: string): Promise<string> {
  const reply = await plain.request('$JS.API.STREAM.NAMES', JSON.stringify({ subject }), { timeout: 5_000 })
  const { streams } = reply.json<{ readonly streams: readonly string[] }>()
  return streams[0] ?? ''
}

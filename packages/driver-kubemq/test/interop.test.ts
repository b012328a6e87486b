import { type Client, createClient, json, queue, rpc, type StandardSchema, text, topic } from '@spanwire/core'
import { CommandsClient, EventStoreType, EventsClient, EventsStoreClient, QueriesClient, QueuesClient } from 'kubemq-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { kubemq } from '../src/index.js'
import { fresh } from './rig/link.js'
import { type Peer, peer, startPeer } from './rig/peer.js'

interface Quote {
  readonly symbol: string
  readonly bid: number
}

const here = { environment: 'on-prem' } as const
const quote = json as StandardSchema<Quote>
const IBM: Quote = { symbol: 'IBM', bid: 187.2 }
/** The client's identity: publisher, lane, number, time. */
const ID = /^[A-Za-z0-9_-]{16}-\d+\.\d+\.\d+$/
const PATIENCE_MS = 20_000

const live = fresh('quotes')
const quotes = topic(`${live}.{symbol}`, quote)
const trades = topic(fresh('trades'), quote, { delivery: 'durable' })
const jobs = queue(fresh('jobs'), quote)
const price = rpc(fresh('price'), quote, quote)
const halt = rpc(fresh('halt'), quote, text)

let server: Peer
let client: Client
const theirs: { close(): void }[] = []

beforeAll(async () => {
  server = await startPeer()
  const driver = kubemq({ commands: [halt.spec.name] })
  client = createClient({ here, sites: { one: { location: here, driver, endpoints: [server.endpoint] } } })
}, 60_000)

afterAll(async () => {
  await client.close()
  for (const one of theirs) one.close()
  await server.dispose()
})

/** A client of theirs. What it subscribes to it subscribes to again after a second, until it is closed. */
function open<T extends { close(): void }>(Kind: new (options: object) => T): T {
  const one = new Kind({ address: server.endpoint, clientId: fresh('kubemq-js'), reconnectInterval: 0 })
  theirs.push(one)
  return one
}

/** Does it again until what it was done for is there: nothing tells when a subscription of theirs is in place. */
async function until<T>(got: readonly T[], act: () => Promise<unknown> = async () => undefined): Promise<T> {
  const come = async (): Promise<boolean> => {
    if (got.length === 0) await act()
    return got.length > 0
  }
  await eventually('it has come', come, PATIENCE_MS)
  const [first] = got
  if (first === undefined) throw new Error('nothing has come')
  return first
}

/** The first value of a subscription. */
async function first<M>(subscription: AsyncIterable<M>): Promise<M> {
  for await (const message of subscription) return message
  throw new Error('the subscription ended')
}

const bodyOf = (value: Quote): Uint8Array => Buffer.from(JSON.stringify(value))
const valueIn = ({ body }: { readonly body?: Uint8Array | string }): unknown =>
  JSON.parse(Buffer.from(body ?? '').toString())

describe(`a program on kubemq-js 1.2.3 (${peer})`, { timeout: 60_000 }, () => {
  it('hears our events on the channel of their path, with headers as tags and our identity as their id', async () => {
    const got: { id: string; body: Uint8Array | string; tags: Map<string, string> }[] = []
    await open(EventsClient).subscribe({ channel: `${live}.*` }, (_, message) => {
      if (message) got.push(message)
    })
    const message = await until(got, () => client.publish(quotes, IBM, { headers: { tenant: 'Zürich' } }))
    expect(valueIn(message)).toEqual(IBM)
    expect(message.tags.get('tenant')).toBe('Zürich')
    expect(message.id).toMatch(ID)
  })

  it('sends events that we hear', async () => {
    const subscription = client.subscribe(quotes, { symbol: 'IBM' })
    await subscription.ready
    await open(EventsClient).send({ channel: `${live}.IBM`, body: bodyOf(IBM), metadata: 'of theirs' })
    const { value, headers } = await first(subscription)
    expect(value).toEqual(IBM)
    expect(headers).toEqual({ metadata: 'of theirs' })
  })

  it('reads what we stored from its beginning', async () => {
    await client.publish(trades, IBM)
    const got: { body: Uint8Array | string; sequence: number }[] = []
    const request = { channel: trades.spec.name, requestType: EventStoreType.StartFromFirst }
    await open(EventsStoreClient).subscribe(request, (_, message) => {
      if (message) got.push(message)
    })
    const message = await until(got)
    expect(valueIn(message)).toEqual(IBM)
    expect(message.sequence).toBe(1)
  })

  it('stores events that we read', async () => {
    const subscription = client.subscribe(trades)
    await subscription.ready
    const sent = await open(EventsStoreClient).send({ channel: trades.spec.name, body: bodyOf({ ...IBM, bid: 2 }) })
    expect(sent.sent).toBe(true)
    const { value } = await first(subscription)
    expect(value).toEqual({ ...IBM, bid: 2 })
  })

  it('takes jobs that we send', async () => {
    await client.send(jobs, IBM)
    const request = { channel: jobs.spec.name, maxNumberOfMessages: 1, waitTimeoutSeconds: 5 }
    const { messages } = await open(QueuesClient).pull(request)
    expect(messages.map(valueIn)).toEqual([IBM])
  })

  it('sends jobs that we do', async () => {
    const done: Quote[] = []
    const worker = client.consume(jobs, (value) => void done.push(value))
    await worker.ready
    const sent = await open(QueuesClient).send({ channel: jobs.spec.name, body: bodyOf(IBM) })
    expect(sent.isError).toBe(false)
    expect(await until(done)).toEqual(IBM)
    await worker.stop()
  })

  it('answers our queries', async () => {
    const theirQueries = open(QueriesClient)
    await theirQueries.subscribe({ channel: price.spec.name, group: 'theirs' }, (_, message) => {
      if (!message) return
      const { id, replyChannel } = message
      const body = bodyOf({ ...IBM, bid: 3 })
      const reply = { id, replyChannel, body, clientId: 'theirs', timestamp: Date.now(), executed: true, error: '' }
      void theirQueries.response(reply)
    })
    const got: Quote[] = []
    const ask = async () => got.push(await client.request(price, IBM, { timeout: '1s' }))
    expect(await until(got, ask)).toEqual({ ...IBM, bid: 3 })
  })

  it('asks queries that we answer', async () => {
    const asked = rpc(fresh('price'), quote, quote)
    const responder = client.respond(asked, (value) => ({ ...value, bid: value.bid + 1 }))
    await responder.ready
    const request = { channel: asked.spec.name, body: bodyOf(IBM), timeout: 5_000 }
    const reply = await open(QueriesClient).send(request)
    expect(reply.executed).toBe(true)
    expect(valueIn(reply)).toEqual({ ...IBM, bid: IBM.bid + 1 })
  })

  it('executes our commands, and its error is told to who commanded', async () => {
    const theirCommands = open(CommandsClient)
    await theirCommands.subscribe({ channel: halt.spec.name, group: 'theirs' }, (_, message) => {
      if (!message) return
      const { id, replyChannel } = message
      const isKnown = (valueIn(message) as Quote).symbol === 'IBM'
      const error = isKnown ? '' : 'there is no such symbol'
      const reply = { id, replyChannel, clientId: 'theirs', timestamp: Date.now(), executed: isKnown, error }
      void theirCommands.response(reply)
    })
    const got: string[] = []
    const command = async () => got.push(await client.request(halt, IBM, { timeout: '1s' }))
    expect(await until(got, command)).toBe('')
    const refused = client.request(halt, { symbol: 'NONE', bid: 0 }, { timeout: '5s' })
    await expect(refused).rejects.toThrow('there is no such symbol')
  })

  it('commands what we execute, and hears our error', async () => {
    const commanded = rpc(fresh('halt'), quote, text)
    const responder = client.respond(commanded, ({ symbol }) => {
      if (symbol !== 'IBM') throw new Error('there is no such symbol')
      return ''
    })
    await responder.ready
    const theirCommands = open(CommandsClient)
    const commandOf = (value: Quote) => ({ channel: commanded.spec.name, body: bodyOf(value), timeout: 5_000 })
    expect(await theirCommands.send(commandOf(IBM))).toMatchObject({ executed: true, error: '' })
    const refused = await theirCommands.send(commandOf({ symbol: 'NONE', bid: 0 }))
    expect(refused.executed).toBe(false)
    expect(refused.error).toContain('there is no such symbol')
  })
})

import { describe, expectTypeOf, it } from 'vitest'
import { bytes, text } from '../contract/codec.js'
import { queue } from '../contract/queue.js'
import { rpc } from '../contract/rpc.js'
import type { StandardSchema } from '../contract/schema.js'
import { topic } from '../contract/topic.js'
import { all, primary, weighted } from '../route/policy.js'
import type { BareClient, Client, Message, Sent } from './api.js'
import { consume } from './consume.js'
import { publish, send } from './publish.js'
import { remove } from './remove.js'
import { request } from './request.js'
import { reroute } from './reroute.js'
import { respond } from './respond.js'
import { subscribe } from './subscribe.js'
import { table } from './table.js'
import { type Verbs, withVerbs } from './verbs.js'

const schema = <In, Out = In>() =>
  ({
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Out }) },
  }) as StandardSchema<In, Out>

interface Quote {
  readonly symbol: string
  readonly price: number
}
const quotes = topic('quotes.{symbol}', schema<Quote>())
const notes = topic('notes.{to}', text)
const orders = queue('orders', schema<{ account: string }, { account: string; at: Date }>())
const price = rpc('pricing.price', schema<{ symbol: string }>(), schema<{ price: string }, { price: number }>())
const quote: Quote = { symbol: 'AAPL', price: 1 }

/** Never run: the compiler is the test, and an `@ts-expect-error` without an error is an error. */
type Checks = (client: Client) => unknown[]

describe('types of the client', () => {
  it('publish takes what the contract says', () => {
    const checks: Checks = (client) => [
      client.publish(quotes, quote),
      client.publish(quotes, quote, { params: { symbol: 'IBM' }, timeout: '1s' }),
      client.publish(notes, 'hi', { params: { to: 'ann' } }),
      client.publish(topic('frames', bytes), new Uint8Array()),
      // @ts-expect-error wrong payload
      client.publish(quotes, { symbol: 'AAPL', price: 'much' }),
      // @ts-expect-error missing field
      client.publish(quotes, { symbol: 'AAPL' }),
      // @ts-expect-error a parameter that the value does not carry is missing
      client.publish(notes, 'hi'),
      // @ts-expect-error a parameter is missing
      client.publish(notes, 'hi', { params: {} }),
      // @ts-expect-error no such parameter
      client.publish(quotes, quote, { params: { name: 'AAPL' } }),
      // @ts-expect-error orders are sent, not published
      client.publish(orders, { account: '1' }),
      // @ts-expect-error no duration
      client.publish(quotes, quote, { timeout: 'soon' }),
    ]
    expectTypeOf(checks).returns.toBeArray()
    expectTypeOf<ReturnType<Client['publish']>>().resolves.toEqualTypeOf<Sent>()
  })

  it('subscribe gives output and parameters', () => {
    const checks: Checks = (client) => {
      const subscription = client.subscribe(quotes, { symbol: 'AAPL' })
      expectTypeOf<typeof subscription extends AsyncIterable<infer Item> ? Item : never>().toEqualTypeOf<
        Message<Quote, { readonly symbol: string }>
      >()
      // @ts-expect-error no such parameter
      return [client.subscribe(quotes), client.subscribe(quotes, { name: 'AAPL' })]
    }
    expectTypeOf(checks).returns.toBeArray()
  })

  it('consume gives the output of what send takes', () => {
    const checks: Checks = (client) => [
      client.send(orders, { account: '1' }, { delay: '5s' }),
      client.consume(orders, (order) => expectTypeOf(order).toEqualTypeOf<{ account: string; at: Date }>()),
      // @ts-expect-error the output is not the input
      client.send(orders, { at: new Date() }),
      // @ts-expect-error quotes are no work
      client.consume(quotes, () => undefined),
    ]
    expectTypeOf(checks).returns.toBeArray()
  })

  it('request gives the reply of what respond returns', () => {
    const checks: Checks = (client) => {
      expectTypeOf(client.request(price, { symbol: 'AAPL' })).resolves.toEqualTypeOf<{ price: number }>()
      return [
        client.respond(price, () => ({ price: '1.20' })),
        client.respond(price, async ({ symbol }) => ({ price: symbol })),
        // @ts-expect-error wrong reply
        client.respond(price, () => ({ price: 1.2 })),
        // @ts-expect-error no reply
        client.respond(price, () => undefined),
        // @ts-expect-error wrong query
        client.request(price, { name: 'AAPL' }),
      ]
    }
    expectTypeOf(checks).returns.toBeArray()
  })
})

describe('types of rerouting', () => {
  it('know the sites that the client was made with', () => {
    const checks = (client: Client<'a' | 'b'>, bare: BareClient<'a' | 'b'>, read: Client) => [
      client.reroute([{ match: '>', policy: primary('a', 'b') }]),
      reroute(bare, [{ match: '>', policy: weighted({ a: 75, b: 25 }) }]),
      withVerbs(bare, { reroute }).reroute([{ match: '>', policy: all() }]),
      // A client whose sites a file named takes any name, and says at run time what it does not know.
      read.reroute([{ match: '>', policy: primary('c') }]),
      // @ts-expect-error no such site
      client.reroute([{ match: '>', policy: primary('c') }]),
      // @ts-expect-error no such site
      reroute(bare, [{ match: '>', policy: weighted({ a: 75, c: 25 }) }]),
      // @ts-expect-error no such site
      withVerbs(bare, { reroute }).reroute([{ match: '>', policy: primary('c') }]),
    ]
    expectTypeOf(checks).returns.toBeArray()
  })
})

describe('types of verbs as functions', () => {
  it('are those of the methods', () => {
    const checks = (client: Client, bare: BareClient) => {
      expectTypeOf(subscribe(bare, quotes)).toEqualTypeOf(client.subscribe(quotes))
      expectTypeOf(table(bare, quotes)).toEqualTypeOf(client.table(quotes))
      expectTypeOf(request(bare, price, { symbol: 'AAPL' })).toEqualTypeOf(client.request(price, { symbol: 'AAPL' }))
      expectTypeOf(publish(bare, quotes, quote)).toEqualTypeOf(client.publish(quotes, quote))
      expectTypeOf(send(bare, orders, { account: '1' })).toEqualTypeOf(client.send(orders, { account: '1' }))
      return [
        publish(bare, notes, 'hi', { params: { to: 'ann' } }),
        remove(bare, quotes, { symbol: 'AAPL' }),
        consume(bare, orders, (order) => expectTypeOf(order).toEqualTypeOf<{ account: string; at: Date }>()),
        respond(bare, price, () => ({ price: '1' })),
        // @ts-expect-error wrong payload
        publish(bare, quotes, { symbol: 'AAPL', price: 'much' }),
        // @ts-expect-error a parameter that the value does not carry is missing
        publish(bare, notes, 'hi'),
        // @ts-expect-error no such parameter
        subscribe(bare, quotes, { name: 'AAPL' }),
        // @ts-expect-error no such parameter
        table(bare, quotes, { name: 'AAPL' }),
        // @ts-expect-error the reply is not the schema's input
        respond(bare, price, () => ({ price: 1 })),
        // @ts-expect-error a promise is no client
        publish(bare.close(), quotes, quote),
      ]
    }
    expectTypeOf(checks).returns.toBeArray()
    expectTypeOf<keyof Verbs>().toEqualTypeOf<Exclude<keyof Client, keyof BareClient>>()
  })

  it('a client has the methods that it was given, and no others', () => {
    const checks = (bare: BareClient) => {
      const client = withVerbs(bare, { publish, subscribe })
      expectTypeOf(client).toEqualTypeOf<BareClient & Pick<Client, 'publish' | 'subscribe'>>()
      // @ts-expect-error a bare client has no verbs
      bare.subscribe(quotes)
      // @ts-expect-error it was not given
      client.consume(orders, () => undefined)
      // @ts-expect-error a verb under another's name
      withVerbs(bare, { publish: subscribe })
      return [client.publish(quotes, quote), client.subscribe(quotes)]
    }
    expectTypeOf(checks).returns.toBeArray()
  })
})

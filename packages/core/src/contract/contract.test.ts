import { describe, expect, expectTypeOf, it } from 'vitest'
import { bytes, json, text } from './codec.js'
import type { Contract, InputOf, OutputOf, ParamsOf, Queue, ReplyInputOf, ReplyOf, Rpc, Topic } from './contract.js'
import { queue } from './queue.js'
import { rpc } from './rpc.js'
import type { StandardSchema } from './schema.js'
import { topic } from './topic.js'

const invalid = expect.objectContaining({ code: 'invalid' })
const schema = <In, Out>() =>
  ({ '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Out }) } }) as StandardSchema<
    In,
    Out
  >
const Quote = schema<{ symbol: string; price: string }, { symbol: string; price: number }>()

describe('contracts', () => {
  it('are frozen values with their defaults', () => {
    const quotes = topic('quotes.{symbol}', Quote)
    expect(quotes).toMatchObject({
      kind: 'topic',
      name: 'quotes',
      params: ['symbol'],
      delivery: 'live',
      latest: false,
      codec: json,
    })
    expect(quotes.spec).toEqual({ kind: 'topic', name: 'quotes', params: 1, keep: 'live', latest: false })
    expect(quotes).not.toHaveProperty('key')
    expect([quotes, quotes.spec, quotes.params].every(Object.isFrozen)).toBe(true)

    const orders = queue('orders', Quote)
    expect(orders).toMatchObject({ maxDeliveries: 5, leaseMs: 30_000, retryMs: [1_000, 5_000, 30_000] })
    expect(orders.spec).toEqual({ kind: 'queue', name: 'orders', params: 0, leaseMs: 30_000 })
    expect(orders).not.toHaveProperty('deadLetter')
    expect([orders, orders.spec, orders.retryMs].every(Object.isFrozen)).toBe(true)

    const price = rpc('pricing.price', Quote, bytes)
    expect(price).toMatchObject({ idempotent: false, codec: json, replyCodec: bytes })
    expect(price.spec).toEqual({ kind: 'rpc', name: 'pricing.price', params: 0 })
    expect([price, price.spec].every(Object.isFrozen)).toBe(true)
  })

  it('take their options', () => {
    expect(topic('a', text, { delivery: 'durable', latest: true }).spec).toMatchObject({
      keep: 'durable',
      latest: true,
    })
    expect(topic('a', schema<string, string>(), { codec: text }).codec).toBe(text)
    expect(topic('a', bytes).codec).toBe(bytes)
    const orders = queue('orders', Quote, {
      deadLetter: 'orders.dead',
      lease: '1m',
      retry: [0, '10s'],
      maxDeliveries: 1,
    })
    expect(orders).toMatchObject({ deadLetter: 'orders.dead', leaseMs: 60_000, retryMs: [0, 10_000], maxDeliveries: 1 })
    expect(rpc('a', text, Quote, { idempotent: true })).toMatchObject({
      idempotent: true,
      codec: text,
      replyCodec: json,
    })
  })

  it.each<[string, () => unknown]>([
    ['a bad template', () => topic('Quotes', Quote)],
    ['no deliveries', () => queue('orders', Quote, { maxDeliveries: 0 })],
    ['half a delivery', () => queue('orders', Quote, { maxDeliveries: 1.5 })],
    ['no lease', () => queue('orders', Quote, { lease: 0 })],
    ['no retry', () => queue('orders', Quote, { retry: [] })],
    ['a retry that is no duration', () => queue('orders', Quote, { retry: ['soon' as never] })],
    ['a dead letter that is no name', () => queue('orders', Quote, { deadLetter: 'Orders' })],
    ['a dead letter that is the queue itself', () => queue('orders.{region}', Quote, { deadLetter: 'orders' })],
  ])('refuse %s', (_, attempt) => {
    expect(attempt).toThrow(invalid)
  })
})

describe('types of contracts', () => {
  it('come from template and schema', () => {
    const quotes = topic('quotes.{venue}.{symbol}', Quote)
    expectTypeOf<ParamsOf<typeof quotes>>().toEqualTypeOf<{ readonly venue: string; readonly symbol: string }>()
    expectTypeOf<InputOf<typeof quotes>>().toEqualTypeOf<{ symbol: string; price: string }>()
    expectTypeOf<OutputOf<typeof quotes>>().toEqualTypeOf<{ symbol: string; price: number }>()
    expectTypeOf<ParamsOf<Topic>>().toEqualTypeOf<{ readonly [name: string]: string }>()
    expectTypeOf<keyof ParamsOf<Queue<'orders'>>>().toEqualTypeOf<never>()

    const thumbnail = rpc('thumbs', text, bytes)
    expectTypeOf<InputOf<typeof thumbnail>>().toEqualTypeOf<string>()
    expectTypeOf<ReplyInputOf<typeof thumbnail>>().toEqualTypeOf<Uint8Array>()
    expectTypeOf<ReplyOf<typeof thumbnail>>().toEqualTypeOf<Uint8Array>()
  })

  it('fit where any contract is taken', () => {
    const some = [
      topic('quotes.{symbol}', Quote, { key: (quote) => quote.price }),
      queue('orders.{account}', Quote),
      rpc('price', Quote, text),
    ] as const satisfies readonly [Topic, Queue, Rpc]
    const contracts: readonly Contract[] = some
    expect(contracts).toHaveLength(3)
  })

  it('refuse what does not belong', () => {
    // @ts-expect-error the key is made of the value, which has no account
    topic('a', Quote, { key: (quote) => quote.account })
    // @ts-expect-error quotes are not text
    topic('b', Quote, { codec: text })
    // @ts-expect-error the reply is not text
    rpc('c', schema<string, string>(), Quote, { codec: text })
    // @ts-expect-error no such delivery
    topic('d', Quote, { delivery: 'sometimes' })
    // @ts-expect-error no duration
    expect(() => queue('e', Quote, { lease: '5 days' })).toThrow(invalid)
  })
})

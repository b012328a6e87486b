import { MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { bytes, json, text } from './codec.js'
import { decode, decodeReply } from './decode.js'
import { encode, encodeReply } from './encode.js'
import { queue } from './queue.js'
import { rpc } from './rpc.js'
import type { SchemaIssue, SchemaResult, StandardSchema } from './schema.js'
import { topic } from './topic.js'

interface Quote {
  symbol: string
  price: string
}

const check = (value: unknown): SchemaResult<{ symbol: string; price: number }> => {
  const { symbol, price } = (value ?? {}) as Partial<Quote>
  const issues: SchemaIssue[] = []
  if (typeof symbol !== 'string') issues.push({ message: 'expected text', path: ['symbol'] })
  if (!/^\d+$/.test(`${price}`)) issues.push({ message: 'expected digits', path: [{ key: 'price' }, 0] })
  return issues.length > 0 ? { issues } : { value: { symbol: `${symbol}`, price: Number(price) } }
}
const schema = (validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>) =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchema<
    Quote,
    { symbol: string; price: number }
  >

const Sync = schema(check)
const Async = schema(async (value) => check(value))
const Broken = schema(() => {
  throw new RangeError('out of memory')
})

const quotes = topic('quotes.{symbol}', Sync)
const apple = { symbol: 'AAPL', price: '12' }

describe('encode', () => {
  it('gives at once what goes on the wire: the input, not the output', () => {
    expect(encode(quotes, apple)).toEqual({
      path: 'AAPL',
      key: undefined,
      lane: 'AAPL',
      body: '{"symbol":"AAPL","price":"12"}',
    })
  })

  it('prefers explicit parameters', () => {
    expect(encode(quotes, apple, { symbol: 'BRK.B' })).toMatchObject({ path: 'BRK_2eB', lane: 'BRK_2eB' })
  })

  it('waits only where the schema does', async () => {
    const later = encode(topic('quotes.{symbol}', Async), apple)
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toEqual(encode(quotes, apple))
  })

  it.each<[string, () => unknown, RegExp]>([
    [
      'names every issue with its path',
      () => encode(quotes, { price: 'x' }),
      /symbol: expected text; price\.0: expected/,
    ],
    ['tells of a schema that fails itself', () => encode(topic('x', Broken), apple), /out of memory/],
    ['refuses what JSON cannot say', () => encode(topic('x', json), 1n), /BigInt/],
    ['refuses nothing at all', () => encode(topic('x', json), undefined), /fit x: is not json/],
    ['refuses a function', () => encode(topic('x', json), () => 1), /function has no JSON/],
    ['refuses what is not bytes', () => encode(topic('x', bytes), 'text' as never), /is not bytes/],
    ['refuses half a surrogate pair', () => encode(topic('x', text), '\ud800'), /is not text/],
    [
      'refuses a value that the codec cannot take',
      () => encode(topic('x', Sync, { codec: text as never }), apple),
      /object is not text/,
    ],
    [
      'refuses a key that is no text',
      () => encode(topic('x', Sync, { key: () => 7 as never }), apple),
      /key .* is number/,
    ],
    ['refuses a missing parameter', () => encode(topic('notes.{to}', text), 'hi'), /needs to/],
  ])('%s', (_, attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid', message: expect.stringMatching(message) }))
  })

  it('rejects with invalid where the schema waits', async () => {
    await expect(encode(topic('quotes.{symbol}', Async), { symbol: 'A' })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('keeps bytes apart from what the user may write into afterwards', () => {
    const mine = Uint8Array.of(1, 2)
    const { body } = encode(topic('frames', bytes), mine) as { body: Uint8Array }
    mine[0] = 9
    expect([...body]).toEqual([1, 2])
  })
})

describe('lanes (R1)', () => {
  const bucket = (key: string) => (encode(queue('orders', Sync, { key: () => key }), apple) as { lane: string }).lane

  it('are one per path for templates', () => {
    expect(encode(quotes, { ...apple, symbol: 'IBM' })).toMatchObject({ lane: 'IBM', key: undefined })
  })

  it('are one per bucket for keys, in the bucket that Kafka would choose', () => {
    expect(bucket('abc')).toBe(String(479470107 % 240))
    expect(bucket('21')).toBe(String((-973932308 & 0x7fffffff) % 240))
  })

  it('tell keys of one path apart, and paths of one key', () => {
    const both = topic('quotes.{symbol}', Sync, { key: () => 'abc' })
    expect(encode(both, apple)).toMatchObject({ path: 'AAPL', key: 'abc', lane: `AAPL:${bucket('abc')}` })
  })

  it('are one for everything else', () => {
    expect(encode(topic('prices', Sync), apple)).toMatchObject({ path: '', lane: '' })
  })
})

describe('decode', () => {
  it('gives the output of the schema, from text and from bytes', async () => {
    const body = JSON.stringify(apple)
    expect(decode(quotes, body)).toEqual({ symbol: 'AAPL', price: 12 })
    expect(decode(quotes, new TextEncoder().encode(body))).toEqual({ symbol: 'AAPL', price: 12 })
    expect(await decode(topic('q', Async), body)).toEqual({ symbol: 'AAPL', price: 12 })
  })

  it.each<[string, () => unknown]>([
    ['broken JSON', () => decode(quotes, '{"symbol":')],
    ['an empty body', () => decode(quotes, new Uint8Array())],
    ['invalid UTF-8', () => decode(topic('notes', text), Uint8Array.of(0xff))],
    ['JSON in invalid UTF-8', () => decode(topic('x', json), Uint8Array.of(0x22, 0xc3, 0x22))],
    ['a value that the schema refuses', () => decode(quotes, '{"symbol":1}')],
    ['a schema that fails itself', () => decode(topic('x', Broken), '1')],
  ])('says decode for %s', (_, attempt) => {
    expect(attempt).toThrow(expect.objectContaining({ code: 'decode' }))
  })

  it('rejects with decode where the schema waits', async () => {
    const failure = Promise.resolve(decode(topic('q', Async), '{}')).catch((error: unknown) => error)
    expect(await failure).toSatisfy(MessagingError.is)
    expect(await failure).toMatchObject({ code: 'decode', message: expect.stringContaining('symbol: expected text') })
  })

  it('gives bytes and text as they were sent', () => {
    const frames = topic('frames', bytes)
    const socket = Uint8Array.of(0, 255, 128)
    const value = decode(frames, socket)
    socket[0] = 9
    expect(value).toEqual(Uint8Array.of(0, 255, 128))
    expect(decode(frames, 'é')).toEqual(Uint8Array.of(0xc3, 0xa9))
    expect(decode(topic('notes', text), Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })
})

describe('replies', () => {
  it('have their own codec', () => {
    const thumbnail = rpc('thumbs.make', Sync, bytes)
    expect(encode(thumbnail, apple)).toMatchObject({ lane: '', body: expect.any(String) })
    expect(encodeReply(thumbnail, Uint8Array.of(7))).toEqual(Uint8Array.of(7))
    expect(decodeReply(thumbnail, Uint8Array.of(7))).toEqual(Uint8Array.of(7))
  })

  it('are checked both ways', () => {
    const price = rpc('pricing.price', json, Sync)
    expect(() => encodeReply(price, {})).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(() => decodeReply(price, '{}')).toThrow(expect.objectContaining({ code: 'decode' }))
  })
})

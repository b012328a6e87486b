import { describe, expect, it } from 'vitest'
import { json, primary, type StandardSchema, topic } from '../src/index.js'
import { gather, only, range, stage } from './stage.js'

const numbers = json as StandardSchema<{ symbol: string; n: number }>
const quotes = topic('quotes.{symbol}', numbers, { delivery: 'durable' })
const SYMBOLS = ['A', 'B', 'C']

type Scene = ReturnType<typeof stage<'a' | 'b'>>

/** 600 messages, by turns a hundred at `a` and a hundred at `b`. */
async function publish({ actor, runtime }: Scene): Promise<void> {
  const { client } = actor()
  await runtime.advance(100)
  for (let n = 1; n <= 200; n++) {
    if (n % 34 === 0) {
      client.reroute([{ match: '>', policy: (n / 34) % 2 === 1 ? primary('b', 'a') : primary('a', 'b') }])
      await runtime.advance(10)
    }
    for (const symbol of SYMBOLS) void client.publish(quotes, { symbol, n })
    await runtime.advance(20)
  }
  await runtime.advance(1_000)
}

function numbersOf(got: readonly { readonly value: { readonly symbol: string; readonly n: number } }[], of: string) {
  return got.flatMap(({ value: { n, symbol } }) => (symbol === of ? [n] : []))
}

describe('a strict reader from the beginning', () => {
  it.each([
    { ms: 0, what: 'sites of the same speed' },
    { ms: 1_500, what: 'a site that takes 1.5 s for each 64 messages' },
  ])('is given all in order per lane, and nothing late, over $what', async ({ ms }) => {
    const scene = stage('a', 'b')
    const { actor, runtime } = scene
    await publish(scene)
    const reader = actor()
    reader.roads.b.delays = () => new Promise((resolve) => void runtime.after(ms, resolve))
    const subscription = reader.client.subscribe(quotes, {}, { from: 'beginning', buffer: 64 })
    const got = gather(subscription)
    await runtime.advance(60_000)
    for (const symbol of SYMBOLS) expect(numbersOf(got, symbol)).toEqual(range(1, 200))
    expect(got.filter(({ late }) => late)).toEqual([])
    expect(only(reader.events, 'gap')).toEqual([])
    expect(new Set(got.map(({ site }) => site))).toEqual(new Set(['a', 'b']))
  })

  it('waits 2 s for a site that gives nothing, and goes on without it', async () => {
    const scene = stage('a', 'b')
    const { actor, runtime } = scene
    await publish(scene)
    const reader = actor()
    reader.roads.b.delays = () => new Promise((resolve) => void runtime.after(2_200, resolve))
    const got = gather(reader.client.subscribe(quotes, {}, { from: 'beginning' }))
    await runtime.advance(1_900)
    expect(got).toEqual([])
    await runtime.advance(200)
    expect(new Set(got.map(({ site }) => site))).toEqual(new Set(['a']))
    await runtime.advance(60_000)
    for (const symbol of SYMBOLS) expect(numbersOf(got, symbol).sort((x, y) => x - y)).toEqual(range(1, 200))
  })

  it('is not held up by a site that is away, and gives what is published meanwhile behind the history', async () => {
    const scene = stage('a', 'b')
    const { actor, runtime } = scene
    await publish(scene)
    const writer = actor({ routes: [{ match: '>', policy: primary('a') }] })
    const reader = actor()
    await runtime.advance(10)
    reader.roads.b.cut()
    await runtime.advance(10)
    const got = gather(reader.client.subscribe(quotes, {}, { from: 'beginning' }))
    await runtime.advance(50)
    await writer.client.publish(quotes, { symbol: 'D', n: 1 })
    await runtime.advance(50)
    expect(new Set(got.map(({ site }) => site))).toEqual(new Set(['a']))
    expect(got.at(-1)?.value).toEqual({ symbol: 'D', n: 1 })
  })
})

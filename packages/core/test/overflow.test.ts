import { createEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { type ClientOptions, createClient, json, type MessagingError, topic } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'

const quotes = topic('quotes', json, { delivery: 'durable' })
const here = { environment: 'on-prem' } as const

type End = { n: number; sites?: readonly string[]; error?: MessagingError }

/** A client whose only site is away, with room for five. */
async function stage(overflow?: NonNullable<ClientOptions['outbox']>['overflow']) {
  const runtime = virtualRuntime()
  const engine = createEngine({ clock: runtime })
  const client = createClient({
    here,
    runtime,
    outbox: { messages: 5, ...(overflow && { overflow }) },
    sites: { a: { location: here, driver: memory(engine), endpoints: ['a'] } },
  })
  await runtime.advance(100)
  const got: unknown[] = []
  void (async () => {
    for await (const { value } of client.subscribe(quotes)) got.push(value)
  })()
  await runtime.advance(100)
  engine.kill()
  await runtime.advance(10)
  /** In the order in which they ended. */
  const ends: End[] = []
  const publish = (n: number, options: Parameters<typeof client.publish>[2] = {}) =>
    void client.publish(quotes, n, options).then(
      ({ sites }) => ends.push({ n, sites }),
      (error) => ends.push({ n, error }),
    )
  const back = async () => {
    engine.restart({ data: 'keep' })
    await runtime.advance(5_000)
  }
  return { runtime, client, got, ends, publish, back }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

describe('an outbox without room', () => {
  it('refuses who comes, and says why each site is away', async () => {
    const { runtime, got, ends, publish, back } = await stage()
    for (const n of numbers(1, 7)) publish(n)
    await runtime.advance(0)
    expect(ends.map(({ n }) => n)).toEqual([6, 7])
    expect(ends[0]?.error).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^the outbox is full \(5 messages, \d+ bytes\): a is d/),
    })
    await back()
    expect(got).toEqual(numbers(1, 5))
  })

  it('lets who comes wait in turn under `wait`, as many as it holds', async () => {
    const { runtime, client, got, ends, publish, back } = await stage('wait')
    for (const n of numbers(1, 11)) publish(n)
    await runtime.advance(0)
    expect(ends.map(({ n }) => n)).toEqual([11])
    expect(client.status().outbox.messages).toBe(5)
    await back()
    expect(got).toEqual(numbers(1, 10))
    expect(ends.slice(1).map(({ n, sites }) => [n, sites])).toEqual(numbers(1, 10).map((n) => [n, ['a']]))
  })

  it('keeps a waiting caller no longer than its timeout or its signal', async () => {
    const { runtime, got, ends, publish, back } = await stage('wait')
    const gaveUp = new AbortController()
    for (const n of numbers(1, 5)) publish(n)
    publish(6, { timeout: '1s' })
    publish(7, { signal: gaveUp.signal })
    publish(8)
    await runtime.advance(500)
    gaveUp.abort()
    await runtime.advance(600)
    expect(ends.map(({ n, error }) => [n, error?.code])).toEqual([
      [7, 'canceled'],
      [6, 'unavailable'],
    ])
    expect(ends[1]?.error?.message).toMatch(/^no room in time: the outbox is full/)
    await back()
    expect(got).toEqual([...numbers(1, 5), 8])
  })

  it('is closed with an error to all that wait', async () => {
    const { runtime, client, ends, publish } = await stage('wait')
    for (const n of numbers(1, 7)) publish(n)
    void client.close({ timeout: '1s' })
    await runtime.advance(1_100)
    expect(ends).toHaveLength(7)
    expect(new Set(ends.map(({ error }) => error?.code))).toEqual(new Set(['closed']))
  })

  it('drops the oldest for the newest under `drop-oldest`, and who handed it in is told', async () => {
    const { runtime, got, ends, publish, back } = await stage('drop-oldest')
    for (const n of numbers(1, 8)) publish(n)
    await runtime.advance(0)
    expect(ends.map(({ n, error }) => [n, error?.code])).toEqual(numbers(1, 3).map((n) => [n, 'unavailable']))
    expect(ends[0]?.error?.message).toMatch(/^dropped for a newer message: the outbox is full/)
    await back()
    expect(got).toEqual(numbers(4, 8))
  })
})

import { describe, expect, it } from 'vitest'
import { json, type StandardSchema, topic } from '../src/index.js'
import { gather, only, range, stage } from './stage.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })

describe('a site that comes back to a reader that has nothing of it', () => {
  it('is read from a whole millisecond, whatever the clocks of here and there are apart', async () => {
    const { runtime, actor } = stage('a', 'b')
    const [reader, writer] = [actor(), actor()]
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100.4)
    void writer.client.publish(quotes, { symbol: 'IBM', n: 1 })
    await runtime.advance(2_000)
    reader.roads.b.cut()
    await runtime.advance(100)
    reader.roads.b.heal()
    await runtime.advance(5_000)
    expect(got.map(({ value }) => value.n)).toEqual([1])
    const times = reader.roads.b.starts.flatMap((start) => (start?.at === 'time' ? [start.timeMs] : []))
    expect(times.length).toBeGreaterThan(0)
    expect(times.filter((timeMs) => !Number.isInteger(timeMs))).toEqual([])
  })
})

describe('a log that is another one when a reader comes back', () => {
  it('is read by time from before what is missing, and the gap is filled', async () => {
    const { runtime, actor } = stage('a')
    const [reader, writer] = [actor(), actor()]
    let swallowed = 0
    reader.roads.a.swallows = ({ body }) => String(body) === '{"symbol":"IBM","n":5}' && swallowed++ === 0
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    const publish = (symbol: string, n: number): void => void writer.client.publish(quotes, { symbol, n })
    for (const n of range(1, 6)) publish('IBM', n)
    // Seconds later, and still within the time in which it is looked for.
    for (const n of range(1, 16)) {
      await runtime.advance(500)
      publish('MSFT', n)
    }
    await runtime.advance(10)
    expect(swallowed).toBe(1)
    reader.roads.a.conflicts = 1
    reader.roads.a.cut()
    await runtime.advance(100)
    reader.roads.a.heal()
    await runtime.advance(30_000)
    const mine = (symbol: string) => got.filter(({ value }) => value.symbol === symbol).map(({ value }) => value.n)
    expect(mine('IBM')).toEqual([1, 2, 3, 4, 6, 5])
    expect(got.filter(({ late }) => late).map(({ value }) => value.n)).toEqual([5])
    expect(mine('MSFT')).toEqual(range(1, 16))
    expect(only(reader.events, 'gap')).toEqual([])
  })

  it('is read by time from the last message, and nothing comes twice', async () => {
    const { runtime, actor } = stage('a')
    const [reader, writer] = [actor(), actor()]
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    for (const n of range(1, 50)) {
      void writer.client.publish(quotes, { symbol: 'IBM', n })
      await runtime.advance(100)
      if (n !== 25) continue
      reader.roads.a.conflicts = 1
      reader.roads.a.cut()
      void runtime.after(700, () => reader.roads.a.heal())
    }
    await runtime.advance(30_000)
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 50))
    expect(reader.client.status().subscriptions[0]?.duplicates).toBeGreaterThan(5)
  })
})

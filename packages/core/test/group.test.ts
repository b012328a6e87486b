import { describe, expect, it } from 'vitest'
import { type Client, json, type StandardSchema, type Subscription, topic } from '../src/index.js'
import { range, stage } from './stage.js'

type Quote = { readonly symbol: string; readonly n: number }

const quotes = topic('quotes.{symbol}', json as StandardSchema<Quote>, { delivery: 'durable' })

/** Longer than an engine leaves a delivery with a member that does not settle it. */
const LEASE_MS = 31_000

function member(client: Client, handled: number[], work?: (n: number) => Promise<void>): Subscription<Quote> {
  const subscription = client.subscribe(quotes, {}, { group: 'desk' })
  void (async () => {
    for await (const { value } of subscription) {
      await work?.(value.n)
      handled.push(value.n)
    }
  })()
  return subscription
}

const sorted = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

describe('a group whose site dies', () => {
  it('goes on at the other site with all that was published, though copies of what it had come again', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const writer = actor()
    const members = [actor(), actor(), actor()].map(({ client }) => {
      const handled: number[] = []
      return { handled, subscription: member(client, handled) }
    })
    await runtime.advance(100)
    for (const n of range(1, 300)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(500)
    engines.a.kill()
    for (const n of range(301, 400)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(1_000)
    for (const n of range(401, 500)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    // Not as long as a lease: nothing that was dropped may stand in the way of what comes behind it.
    await runtime.advance(5_000)
    expect(sorted(members.flatMap(({ handled }) => handled))).toEqual(range(1, 500))
    expect(members.some(({ subscription }) => subscription.status().duplicates > 0)).toBe(true)
    for (const { handled } of members) expect(handled).toHaveLength(new Set(handled).size)
    await runtime.advance(LEASE_MS)
    for (const { handled } of members) expect(handled).toHaveLength(new Set(handled).size)
  })

  it('leaves a copy to the others until the first is handled', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const [writer, slow, other] = [actor(), actor(), actor()]
    const handled: number[] = []
    member(slow.client, [], () => new Promise(() => undefined))
    await runtime.advance(100)
    for (const n of range(1, 5)) void writer.client.publish(quotes, { symbol: String(n), n })
    await runtime.advance(500)
    engines.a.kill()
    await runtime.advance(2_000)
    // Its copies of all five came from b by now, and its process ends.
    slow.roads.b.cut()
    member(other.client, handled)
    await runtime.advance(LEASE_MS)
    expect(sorted(handled)).toEqual(range(1, 5))
  })

  it('gives a member that joins later what the group had not handled, also what was sent twice', async () => {
    const { runtime, engines, actor } = stage('a', 'b')
    const [writer, first, second] = [actor(), actor(), actor()]
    const handled: number[] = []
    const before = first.client.subscribe(quotes, {}, { group: 'desk' })
    await runtime.advance(100)
    const stopped = before.stop()
    await runtime.advance(100)
    await stopped
    for (const n of range(1, 50)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(500)
    engines.a.kill()
    await runtime.advance(20_000)
    member(second.client, handled)
    await runtime.advance(5_000)
    expect(handled).toEqual(range(1, 50))
  })
})

describe('a group', () => {
  it('is given back after five seconds what a stopped member still works on', async () => {
    const { runtime, actor } = stage('a')
    const [writer, slow, other] = [actor(), actor(), actor()]
    const handled: number[] = []
    const stopped = member(slow.client, [], () => new Promise(() => undefined))
    await runtime.advance(100)
    void writer.client.publish(quotes, { symbol: 'IBM', n: 1 })
    await runtime.advance(100)
    void stopped.stop()
    member(other.client, handled)
    await runtime.advance(4_000)
    expect(handled).toEqual([])
    await runtime.advance(1_500)
    expect(handled).toEqual([1])
  })

  it('is told of what a member had that is gone that somebody may have seen it', async () => {
    const { runtime, actor } = stage('a')
    const [writer, gone, other] = [actor(), actor(), actor()]
    const told: [number, boolean][] = []
    member(gone.client, [], () => new Promise(() => undefined))
    await runtime.advance(100)
    for (const n of range(1, 5)) void writer.client.publish(quotes, { symbol: String(n), n })
    await runtime.advance(100)
    gone.roads.a.cut()
    const subscription = other.client.subscribe(quotes, {}, { group: 'desk' })
    void (async () => {
      for await (const { again, value } of subscription) told.push([value.n, again])
    })()
    await runtime.advance(LEASE_MS)
    void writer.client.publish(quotes, { symbol: '6', n: 6 })
    await runtime.advance(100)
    expect(told).toEqual([...range(1, 5).map((n) => [n, true]), [6, false]])
  })

  it('handles what is here while its engine is slow to confirm, and nothing of it comes again', async () => {
    const { runtime, engines, actor } = stage('a')
    const [writer, reader, later] = [actor(), actor(), actor()]
    const handled: number[] = []
    const again: number[] = []
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    member(reader.client, handled, () => released)
    await runtime.advance(100)
    for (const n of range(1, 50)) void writer.client.publish(quotes, { symbol: String(n), n })
    await runtime.advance(100)
    engines.a.hang()
    release()
    await runtime.advance(500)
    expect(handled).toEqual(range(1, 50))
    engines.a.heal()
    await runtime.advance(500)
    reader.roads.a.cut()
    member(later.client, again)
    await runtime.advance(LEASE_MS)
    expect(again).toEqual([])
  })

  it('has removals behind it', async () => {
    const table = topic('prices.{symbol}', json as StandardSchema<Quote>, { delivery: 'durable', latest: true })
    const { runtime, actor } = stage('a')
    const [writer, reader] = [actor(), actor()]
    const handled: number[] = []
    void (async () => {
      for await (const { value } of reader.client.subscribe(table, {}, { group: 'desk' })) handled.push(value.n)
    })()
    await runtime.advance(100)
    void writer.client.publish(table, { symbol: 'IBM', n: 1 })
    await runtime.advance(100)
    void writer.client.remove(table, { symbol: 'IBM' })
    await runtime.advance(100)
    void writer.client.publish(table, { symbol: 'IBM', n: 2 })
    await runtime.advance(5_000)
    expect(handled).toEqual([1, 2])
  })
})

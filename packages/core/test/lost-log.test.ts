import { describe, expect, it } from 'vitest'
import { json, type StandardSchema, topic } from '../src/index.js'
import { gather, only, range, stage } from './stage.js'

const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })

describe('a site that comes back empty', () => {
  it('is offered again what only it had acknowledged, though it is the only one: its readers miss nothing', async () => {
    const { runtime, engines, actor } = stage('a')
    const [reader, writer] = [actor(), actor()]
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    reader.roads.a.cut()
    const sent = range(1, 700).map((n) => writer.client.publish(quotes, { symbol: 'IBM', n }))
    await runtime.advance(100)
    await Promise.all(sent)
    engines.a.restart({ data: 'wipe' })
    reader.roads.a.heal()
    await runtime.advance(20_000)
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 700))
    expect(only(writer.events, 'offered-again').length).toBe(700)
    expect(only(reader.events, 'gap')).toEqual([])
  })

  it('is not offered it again when it kept its log', async () => {
    const { runtime, engines, actor } = stage('a')
    const [reader, writer] = [actor(), actor()]
    const got = gather(reader.client.subscribe(quotes))
    await runtime.advance(100)
    for (const n of range(1, 50)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(100)
    engines.a.restart({ data: 'keep' })
    await runtime.advance(20_000)
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 50))
    expect(only(writer.events, 'offered-again')).toEqual([])
  })

  it('is no longer counted on for what went elsewhere meanwhile: when that site is lost too, a third one gets it', async () => {
    const { runtime, engines, actor } = stage('a', 'b', 'c')
    const writer = actor()
    await runtime.advance(100)
    for (const n of range(1, 50)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(100)
    engines.a.kill()
    await runtime.advance(2_000)
    engines.a.restart({ data: 'wipe' })
    await runtime.advance(6_000)
    engines.b.kill()
    await runtime.advance(2_000)
    const got = gather(actor().client.subscribe(quotes, {}, { from: 'beginning' }))
    await runtime.advance(5_000)
    expect(got.map(({ value }) => value.n).sort((one, other) => one - other)).toEqual(range(1, 50))
  })

  it('is not offered what the publisher does not keep any more', async () => {
    const { runtime, engines, actor } = stage('a')
    const writer = actor({ retain: { time: '5s' } })
    await runtime.advance(100)
    for (const n of range(1, 50)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(10_000)
    engines.a.restart({ data: 'wipe' })
    await runtime.advance(20_000)
    expect(only(writer.events, 'offered-again')).toEqual([])
  })

  it('has its age from the last acknowledgement: what a second site took late is offered again when that one is lost', async () => {
    const { runtime, engines, actor } = stage('a', 'b', 'c')
    const writer = actor({ retain: { time: '30s' } })
    await runtime.advance(100)
    for (const n of range(1, 200)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(25_000)
    engines.a.kill()
    await runtime.advance(1_000)
    const offered = only(writer.events, 'offered-again').length
    expect(offered).toBe(200)
    // More than they may be old since the first site took them, less since the second one did.
    await runtime.advance(20_000)
    for (const n of range(201, 300)) void writer.client.publish(quotes, { symbol: 'IBM', n })
    await runtime.advance(1_000)
    engines.b.kill()
    await runtime.advance(2_000)
    const got = gather(actor().client.subscribe(quotes, {}, { from: 'beginning' }))
    await runtime.advance(5_000)
    expect(got.map(({ value }) => value.n).sort((one, other) => one - other)).toEqual(range(1, 300))
    expect(writer.client.status().retained.messages).toBe(300)
    await runtime.advance(31_000)
    expect(writer.client.status().retained.messages).toBe(0)
  })
})

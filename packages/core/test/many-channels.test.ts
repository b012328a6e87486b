import { createEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { createClient, json, primary, topic } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'

const here = { environment: 'on-prem' } as const
const quotes = topic('quotes.{symbol}', json, { delivery: 'durable' })

describe('a client of very many channels', () => {
  it.each([
    ['2,000 paths of one contract', Array.from({ length: 2_000 }, (_, at) => ({ contract: quotes, path: `s${at}` }))],
    [
      '400 contracts',
      Array.from({ length: 400 }, (_, at) => ({
        contract: topic(`quotes-${at}.{symbol}`, json, { delivery: 'durable' }),
        path: 's',
      })),
    ],
  ])('reads %s, all of them again after a failover, and leaves nothing behind', async (_, places) => {
    const runtime = virtualRuntime()
    const [a, b] = [createEngine({ clock: runtime, name: 'a' }), createEngine({ clock: runtime, name: 'b' })]
    const client = createClient({
      here,
      runtime,
      outbox: { messages: 10_000 },
      sites: {
        a: { location: here, driver: memory(a), endpoints: ['a'] },
        b: { location: here, driver: memory(b), endpoints: ['b'] },
      },
      routes: [{ match: '>', policy: primary('a', 'b') }],
    })
    await runtime.advance(100)
    const subscriptions = places.map(({ contract, path }) => client.subscribe(contract, { symbol: path }))
    let got = 0
    for (const subscription of subscriptions)
      void (async () => {
        for await (const _ of subscription) got += 1
      })()
    await runtime.advance(100)
    expect(subscriptions.map((one) => one.status().attached.length).filter((sites) => sites !== 2)).toEqual([])
    const publish = async () => {
      for (const { contract, path } of places) void client.publish(contract, 1, { params: { symbol: path } })
      await runtime.advance(500)
    }
    await publish()
    expect(got).toBe(places.length)
    a.kill()
    await publish()
    expect(got).toBe(places.length * 2)

    for (const subscription of subscriptions) void subscription.stop()
    await runtime.advance(1_000)
    expect(client.status().subscriptions).toEqual([])
    expect([a.counts().receptions, b.counts().receptions]).toEqual([0, 0])
    const closed = client.close()
    await runtime.advance(2_000)
    await closed
    expect(runtime.pending).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { type ClientEvent, json, topic } from '../src/index.js'
import { follow, twoEngines } from './two-engines.js'

const quotes = topic('quotes.{symbol}', json, { delivery: 'durable' })
const IBM = { params: { symbol: 'IBM' } }

function stage() {
  const { client: make, ...engines } = twoEngines()
  const client = make()
  const events = follow(client)
  const count = (type: ClientEvent['type']) => events.filter((event) => event.type === type).length
  return { ...engines, client, count }
}

describe('sites that all fall silent at once', () => {
  it('are given up and dialed anew, and it is held against none of them: the preferred one serves at once', async () => {
    const { runtime, a, b, client, count } = stage()
    await runtime.advance(100)
    await client.publish(quotes, 1, IBM)
    await runtime.advance(5_000)
    a.hang()
    b.hang()
    const published = client.publish(quotes, 2, IBM)
    await runtime.advance(4_000)
    const [first] = client.status().sites
    expect(first?.state).toMatch(/waiting|dialing/)
    expect(first?.error?.message ?? '').toMatch(/nor has any other site/)
    a.heal()
    b.heal()
    await runtime.advance(10_000)
    expect((await published).sites).toHaveLength(1)
    await runtime.advance(100)
    expect((await client.publish(quotes, 3, IBM)).sites).toEqual(['a'])
    expect(client.status().sites.map(({ outage, state }) => [state, outage])).toEqual([
      ['up', undefined],
      ['up', undefined],
    ])
    expect(count('failover')).toBe(0)
  })

  it('are judged one by one when a moment lies between them', async () => {
    const { runtime, a, b, client, count } = stage()
    await runtime.advance(100)
    await client.publish(quotes, 1, IBM)
    a.hang()
    await runtime.advance(5_000)
    b.hang()
    await runtime.advance(5_000)
    expect(client.status().sites.map(({ outage }) => outage?.count)).toEqual([1, 1])
    expect(count('failover')).toBe(2)
  })
})

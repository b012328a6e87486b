import { type Client, type ClientEvent, createClient, json, primary, type StandardSchema, topic } from '@spanwire/core'
import { websocket } from '@spanwire/driver-websocket'
import type { Relay } from '@spanwire/testkit/network'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { relayedGateway } from './relayed-gateway.js'

const here = { environment: 'on-prem' } as const
const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })

function open(a: Relay, b: Relay, standby: 'cold' | 'warm' = 'cold'): Client {
  const client = createClient({
    here,
    standby,
    sites: {
      a: { location: here, driver: websocket({ WebSocket }), endpoints: [`127.0.0.1:${a.port}`] },
      b: { location: { environment: 'cloud' }, driver: websocket({ WebSocket }), endpoints: [`127.0.0.1:${b.port}`] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  onTestFinished(() => client.close({ timeout: '200ms' }))
  return client
}

function events(client: Client): ClientEvent[] {
  const seen: ClientEvent[] = []
  void (async () => {
    for await (const event of client.watch()) seen.push(event)
  })()
  return seen
}

describe('a gateway whose connections carry nothing any more', () => {
  it('is left over real sockets: what was pending is taken elsewhere, and every message comes once and in order', async () => {
    const [a, b] = [await relayedGateway(), await relayedGateway()]
    const writer = open(a, b)
    const reader = open(a, b)
    const seen = events(writer)
    const subscription = reader.subscribe(quotes)
    await subscription.ready
    expect((await writer.publish(quotes, { symbol: 'IBM', n: 1 })).sites).toEqual(['a'])
    a.hang()
    const sent = await Promise.all([2, 3, 4].map((n) => writer.publish(quotes, { symbol: 'IBM', n })))
    expect(sent.map(({ sites }) => sites)).toEqual([['b'], ['b'], ['b']])
    const got: number[] = []
    for await (const { value } of subscription) if (got.push(value.n) === 4) break
    expect(got).toEqual([1, 2, 3, 4])
    await vi.waitFor(() => {
      const states = seen.flatMap((event) => (event.type === 'site' && event.site === 'a' ? [event.to] : []))
      expect(states.slice(0, 4)).toEqual(['dialing', 'up', 'suspect', 'waiting'])
      expect(seen.find(({ type }) => type === 'failover')).toMatchObject({ site: 'a', lanes: 1 })
    }, 5_000)
  })

  it('is left while it is still in doubt when the next one stands ready, and every message comes once and in order', async () => {
    const [a, b] = [await relayedGateway(), await relayedGateway()]
    const writer = open(a, b, 'warm')
    const reader = open(a, b)
    const seen = events(writer)
    const subscription = reader.subscribe(quotes)
    await subscription.ready
    expect((await writer.publish(quotes, { symbol: 'IBM', n: 1 })).sites).toEqual(['a'])
    a.hang()
    const sent = await Promise.all([2, 3, 4].map((n) => writer.publish(quotes, { symbol: 'IBM', n })))
    expect(sent.map(({ sites }) => sites)).toEqual([['b'], ['b'], ['b']])
    const got: number[] = []
    for await (const { value } of subscription) if (got.push(value.n) === 4) break
    expect(got).toEqual([1, 2, 3, 4])
    await vi.waitFor(() => {
      const ofA = seen.filter((event) => event.type === 'failover' || (event.type === 'site' && event.site === 'a'))
      const steps = ofA.map((event) => (event.type === 'site' ? event.to : event.type))
      expect(steps.slice(0, 4)).toEqual(['dialing', 'up', 'suspect', 'failover'])
    }, 5_000)
  })

  it('is not what we take for it when we stand still ourselves for 2.7 s', async () => {
    const [a, b] = [await relayedGateway(), await relayedGateway()]
    const client = open(a, b)
    const seen = events(client)
    await client.publish(quotes, { symbol: 'IBM', n: 1 })
    const until = performance.now() + 2_700
    while (performance.now() < until);
    for (let n = 2; n <= 200; n++) expect((await client.publish(quotes, { symbol: 'IBM', n })).sites).toEqual(['a'])
    expect(seen.flatMap((event) => (event.type === 'site' ? [event.to] : []))).toEqual([
      'dialing',
      'dialing',
      'up',
      'up',
    ])
  })
})

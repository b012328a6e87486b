import { type Client, createClient, hop, json, type StandardSchema, topic } from '@spanwire/core'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { allowAll, anonymous, createGateway } from '@spanwire/gateway'
import { Relay } from '@spanwire/testkit/network'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

const here = { environment: 'on-prem' } as const
const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const LAST = 400

/** At both engines, which are here and far away. */
function inside(a: MemoryEngine, b: MemoryEngine): Client {
  const client = createClient({
    here,
    sites: {
      a: { location: here, driver: memory(a), endpoints: ['a'] },
      b: { location: { environment: 'cloud' }, driver: memory(b), endpoints: ['b'] },
    },
  })
  onTestFinished(() => client.close({ timeout: '200ms' }))
  return client
}

/** A gateway over both engines, behind a relay that knows its frames. */
async function gatewayOver(a: MemoryEngine, b: MemoryEngine): Promise<Relay> {
  const client = inside(a, b)
  const gateway = await createGateway({
    upstream: async () => hop(client),
    listen: { port: 0 },
    authenticate: anonymous,
    authorize: allowAll,
  })
  const relay = await Relay.listen({ target: gateway.port, protocol: 'gateway' })
  onTestFinished(async () => {
    await relay.close()
    await gateway.close()
  })
  return relay
}

it('22: a page whose gateway goes between what it gave and the answer to that: nothing is lost, doubled or out of order', async () => {
  const [a, b] = [createEngine(), createEngine()]
  const gateways = [await gatewayOver(a, b), await gatewayOver(a, b)]
  const endpoints = gateways.map(({ port }) => `127.0.0.1:${port}`)
  const page = createClient({
    here: { environment: 'cloud' },
    sites: { edge: { location: { environment: 'cloud' }, driver: websocket({ WebSocket }), endpoints } },
  })
  onTestFinished(() => page.close({ timeout: '200ms' }))
  const subscription = page.subscribe(quotes, {}, { buffer: 64 })
  await subscription.ready

  // Whichever of them serves the page: it is told that there is room again, and is gone before it hears of it.
  const rules = gateways.map((relay) => relay.rule('there', { op: 'next', nth: 2, action: 'drop' }))
  const killed = Promise.race(
    gateways.map(async (relay, at) => {
      await rules[at]?.first
      for (const rule of rules) rule.remove()
      relay.target = 0
      relay.cut()
    }),
  )
  const feed = inside(a, b)
  const said = (async () => {
    for (let n = 1; n <= LAST; n++) await feed.publish(quotes, { symbol: 'IBM', n })
  })()
  const got: number[] = []
  for await (const { value, late } of subscription) {
    expect(late).toBe(false)
    got.push(value.n)
    if (value.n === LAST) break
  }
  await Promise.all([said, killed])
  expect(got).toEqual(Array.from({ length: LAST }, (_, at) => at + 1))
  expect(gateways.map(({ target }) => target === 0).filter(Boolean)).toHaveLength(1)
}, 30_000)

import { createClient, json, type StandardSchema, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { allowAll, anonymous, createGateway, type Gateway } from '@spanwire/gateway'
import { Relay } from '@spanwire/testkit/network'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

const here = { environment: 'on-prem' } as const
const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const LAST = 50

async function gatewayOverAnEmptyEngine(): Promise<Gateway> {
  const engine = createEngine()
  const gateway = await createGateway({
    upstream: () =>
      memory(engine).connect(
        ['memory'],
        { client: 'gateway', nonce: 'AAAAAAAAAAAAAAAA', missing: 'create', credentials: async () => ({ by: 'none' }) },
        new AbortController().signal,
      ),
    listen: { port: 0 },
    authenticate: anonymous,
    authorize: allowAll,
  })
  onTestFinished(() => gateway.close())
  return gateway
}

it('who published through a gateway offers it again when what is behind it came back empty', async () => {
  const [first, second] = [await gatewayOverAnEmptyEngine(), await gatewayOverAnEmptyEngine()]
  const relay = await Relay.listen({ target: first.port })
  onTestFinished(() => relay.close())
  const client = createClient({
    here,
    sites: { edge: { location: here, driver: websocket({ WebSocket }), endpoints: [`127.0.0.1:${relay.port}`] } },
  })
  onTestFinished(() => client.close({ timeout: '200ms' }))
  for (let n = 1; n <= LAST; n++) await client.publish(quotes, { symbol: 'IBM', n })

  relay.target = second.port
  relay.cut()

  const got: number[] = []
  const subscription = client.subscribe(quotes, {}, { from: 'beginning' })
  for await (const { value } of subscription) if (got.push(value.n) === LAST) break
  expect(got).toEqual(Array.from({ length: LAST }, (_, at) => at + 1))
})

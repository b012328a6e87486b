import { createClient, json, type StandardSchema, topic } from '@spanwire/core'
import { websocket } from '@spanwire/driver-websocket'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { relayedGateway } from './relayed-gateway.js'

const here = { environment: 'on-prem' } as const
const quotes = topic('quotes.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, { delivery: 'durable' })
const LAST = 50

it('who published through a gateway offers it again when what is behind it came back empty', async () => {
  const [relay, empty] = [await relayedGateway(), await relayedGateway()]
  const client = createClient({
    here,
    sites: { edge: { location: here, driver: websocket({ WebSocket }), endpoints: [`127.0.0.1:${relay.port}`] } },
  })
  onTestFinished(() => client.close({ timeout: '200ms' }))
  for (let n = 1; n <= LAST; n++) await client.publish(quotes, { symbol: 'IBM', n })

  relay.target = empty.port
  relay.cut()

  const got: number[] = []
  const subscription = client.subscribe(quotes, {}, { from: 'beginning' })
  for await (const { value } of subscription) if (got.push(value.n) === LAST) break
  expect(got).toEqual(Array.from({ length: LAST }, (_, at) => at + 1))
})

import { createClient, type Message, nearest, queue, rpc, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { z } from 'zod'

export const quotes = topic('quotes.{symbol}', z.object({ symbol: z.string(), price: z.number() }))
export const orders = queue('orders', z.object({ account: z.string() }), { key: (order) => order.account })
export const price = rpc('price', z.object({ symbol: z.string() }), z.object({ price: z.number() }))

const location = { environment: 'on-prem', region: 'eu-central' } as const
await using client = createClient({
  here: location,
  sites: { frankfurt: { location, driver: memory(createEngine()), endpoints: ['frankfurt'] } },
  routes: [{ match: '>', policy: nearest() }],
})
await client.publish(quotes, { symbol: 'AAPL', price: 1 })
// @ts-expect-error the price is missing
await client.publish(quotes, { symbol: 'AAPL' })
const reply: { price: number } = await client.request(price, { symbol: 'AAPL' })
for await (const message of client.subscribe(quotes, { symbol: 'AAPL' })) show(message, reply.price)

function show(message: Message<{ symbol: string; price: number }>, ask: number): void {
  console.log(message.value.symbol, message.value.price, ask)
}

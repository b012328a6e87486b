import { type Client, topic } from '@spanwire/core'
import { schema } from './schema.js'
import { pass } from './stage.js'

export interface Trade {
  readonly symbol: string
  readonly price: number
}

export const trades = topic('trades.{symbol}', schema<Trade>(), { delivery: 'durable' })

/** Prices `first` to `last`, in order. */
export async function trade(client: Client, first: number, last: number): Promise<void> {
  const sent: Promise<unknown>[] = []
  for (let price = first; price <= last; price++) sent.push(client.publish(trades, { symbol: 'A', price }))
  await pass(10)
  await Promise.all(sent)
}

import { type OutputOf, queue, rpc, topic } from '@spanwire/core'
import { boolean, gte, int, maxLength, minLength, object, enum as oneOf, string } from 'zod/mini'

/** What flows between the feed, the services and the page. Prices are integers of 1/10,000 dollar, sizes are shares. */

const count = int().check(gte(0))
const name = string().check(minLength(1), maxLength(64))

const Tick = object({
  symbol: name,
  /** The trading day that is replayed, `2012-05-18`, and how many were replayed before it, plus one. */
  day: name,
  round: count,
  /** The day's tick number, from 1, and how many the day has: what the proof counts by. */
  n: count,
  of: count,
  price: count,
  size: count,
  /** The last trading day's close. */
  previous: count,
})

const Side = oneOf(['buy', 'sell'])

const PriceQuery = object({ symbol: name, side: Side, quantity: count })
const Price = object({ symbol: name, price: count, site: name })

const Order = object({ id: name, account: name, symbol: name, side: Side, quantity: count })

const OrderEvent = object({
  id: name,
  account: name,
  state: oneOf(['filled', 'rejected']),
  price: count,
  reason: string(),
  /** Where the job was taken from. */
  site: name,
  /** How often the desk has handled this order by now. Anything but 1 is one too many. */
  runs: count,
  again: boolean(),
})

export const quotes = topic('quotes.{symbol}', Tick, { delivery: 'durable', latest: true })
export const price = rpc('pricing.price', PriceQuery, Price, { idempotent: true })
export const orders = queue('orders', Order, {
  key: (order) => order.account,
  // The desk fills orders side by side; not every engine keeps an account's in order among competing desks.
  order: 'none',
  maxDeliveries: 5,
  deadLetter: 'orders.dead',
})
export const orderEvents = topic('order-events.{account}', OrderEvent, { delivery: 'durable' })

export type Tick = OutputOf<typeof quotes>
export type PlacedOrder = OutputOf<typeof orders>
export type OrderEvent = OutputOf<typeof orderEvents>

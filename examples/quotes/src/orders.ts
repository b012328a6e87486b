import { orderEvents, orders, quotes } from './contracts.js'
import { MAX_QUANTITY, quoteFor } from './desk.js'
import { startService } from './service.js'

/** Fills orders, each once, and says so. Counts how often it was given each, so that anybody can check. */

/** Orders whose runs are remembered; the oldest go first. */
const MAX_REMEMBERED = 10_000

const client = startService('orders')
const board = client.table(quotes)
await board.ready
const runs = new Map<string, number>()

client.consume(
  orders,
  async ({ id, account, symbol, side, quantity }, job) => {
    const last = board.get(symbol)?.value.price
    // Tried again a second later, and after five times it is a dead letter.
    if (last === undefined) throw new Error(`${symbol} has no price`)
    const tooLarge = quantity < 1 || quantity > MAX_QUANTITY
    await client.publish(orderEvents, {
      id,
      account,
      state: tooLarge ? 'rejected' : 'filled',
      price: quoteFor(last, side, quantity),
      reason: tooLarge ? `the desk takes 1 to ${MAX_QUANTITY.toLocaleString('en')} shares` : '',
      site: job.site,
      runs: countRun(id),
      again: job.again,
    })
  },
  { concurrency: 8 },
)

function countRun(id: string): number {
  const now = (runs.get(id) ?? 0) + 1
  runs.set(id, now)
  const oldest = runs.size > MAX_REMEMBERED ? runs.keys().next() : undefined
  if (oldest?.done === false) runs.delete(oldest.value)
  return now
}

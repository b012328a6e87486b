import { price, quotes } from './contracts.js'
import { quoteFor } from './desk.js'
import { startService } from './service.js'

/** Answers what an order would cost now. */

const client = startService('pricing')
const board = client.table(quotes)
await board.ready

client.respond(
  price,
  ({ symbol, side, quantity }, call) => {
    const last = board.get(symbol)?.value.price
    if (last === undefined) throw new Error(`${symbol} has no price yet`)
    return { symbol, price: quoteFor(last, side, quantity), site: call.site }
  },
  { concurrency: 16 },
)

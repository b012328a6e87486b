import type { Client, Worker } from '@spanwire/core'
import type { Ledger, Pause } from './ledger.js'
import { orders } from './orders.js'

/** Books orders until it is stopped. */
export type Service = (client: Client, ledger: Ledger, pause: Pause) => Worker

/**
 * Looks whether an order has been booked only when it is delivered again. It works in every demonstration. But an order
 * whose first answer was lost is sent again to the other site, and there it is delivered for the first time.
 */
export const trusting: Service = (client, ledger, pause) =>
  client.consume(
    orders,
    async (order, job) => {
      if (job.redelivered && (await ledger.has(order, pause))) return
      await ledger.book(order, pause)
    },
    { concurrency: 4 },
  )

/** Leaves it to the ledger's key, in one step with the booking. */
export const careful: Service = (client, ledger, pause) =>
  client.consume(
    orders,
    async (order) => {
      await ledger.bookOnce(order, pause)
    },
    { concurrency: 4 },
  )

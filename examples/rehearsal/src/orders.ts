import { json, type Queue, queue, type StandardSchema } from '@spanwire/core'

export interface Order {
  /** The shop's own number: the same however often the order is sent. */
  readonly number: number
  readonly amount: number
}

export const orders: Queue<'orders', Order, Order> = queue('orders', json as StandardSchema<Order>, {
  lease: '10s',
  retry: ['500ms', '2s'],
  maxDeliveries: 20,
})

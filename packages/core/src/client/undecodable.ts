import { type Delivery, MessagingError } from '@spanwire/driver'
import type { Contract } from '../contract/contract.js'
import { type Context, channelOf } from './context.js'

/** Bytes that the contract cannot read go to the events, once, with all that came along. */
export function tellUndecodable(
  context: Context,
  contract: Contract,
  { delivery, site }: { readonly delivery: Delivery; readonly site: string },
  cause: unknown,
): MessagingError {
  const error = MessagingError.is(cause) ? cause : new MessagingError('decode', String(cause), { cause, site })
  context.events.emit({
    type: 'undecodable',
    channel: channelOf(contract, delivery.path),
    site,
    id: delivery.id,
    body: delivery.body,
    headers: delivery.headers(),
    error,
  })
  return error
}

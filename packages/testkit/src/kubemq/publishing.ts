import { randomUUID } from 'node:crypto'
import type { Broker } from './broker.js'
import { PREFIX, troubleWith } from './names.js'
import type { Event, Result } from './proto.js'
import { SAYS } from './texts.js'
import { eventError } from './validate.js'

/** `refused`: an error of the call, or on a stream a result with the event's id as it was sent. */
export type Published = { readonly result: Result } | { readonly refused: string }

/** `result.sent` says that it was handed over, not that it arrived or is stored (4, C10). */
export function publish(broker: Broker, event: Event): Published {
  const refused = eventError(event)
  if (refused !== undefined) return { refused }
  // Filled in on success only (3.1).
  const named = event.eventId === '' ? { ...event, eventId: randomUUID() } : event
  const error = event.store ? keep(broker, named) : tell(broker, named)
  return { result: { eventId: named.eventId, sent: error === '', error } }
}

function tell(broker: Broker, event: Event): string {
  const { poison } = broker
  if (poison.events === 'dead') return SAYS.natsClosed
  // One line feed, and nobody publishes events or requests any more; this one is said to be sent (C7, 3.4).
  if (troubleWith(event.channel, '') === 'line') poison.events = 'dead'
  else broker.events.publish(event.channel, event)
  return ''
}

function keep(broker: Broker, event: Event): string {
  if (broker.poison.store !== 'alive') return broker.poison.store === 'dead' ? SAYS.natsClosed : ''
  switch (troubleWith(event.channel, PREFIX.store)) {
    case 'none':
    case 'colon':
      storeSoon(broker, event)
      return ''
    case 'tab':
    case 'line':
      broker.poison.store = 'dead'
      return ''
    case 'return':
      broker.poison.store = 'wedged'
      return ''
    default:
      // Said to be sent, and lost (3.4).
      return ''
  }
}

/** The answer does not wait for it (C20). */
function storeSoon({ quirks, store }: Broker, event: Event): void {
  const { storesAfterMs } = quirks()
  if (storesAfterMs > 0) setTimeout(() => store.store(event), storesAfterMs)
  else store.store(event)
}

import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { answer, failStream, internal, whenGone, writeAndHold } from './calls.js'
import { troubleWith } from './names.js'
import { Outlet } from './outlet.js'
import { type Event, type EventReceive, type Result, type Subscribe, SubscribeType } from './proto.js'
import { publish } from './publishing.js'
import { settling, UNSUBSCRIBE_MS } from './settling.js'
import { subscribeToStore } from './store.js'
import { SAYS } from './texts.js'
import { eventsSubscriptionError } from './validate.js'

export function sendEvent(broker: Broker, call: ServerUnaryCall<Event, Result>, reply: sendUnaryData<Result>): void {
  const published = publish(broker, call.request)
  broker.journal()?.flush()
  answer(reply, 'refused' in published ? internal(published.refused) : published.result)
}

/** A stored event has a result each, in order; a plain one only if it was refused, not if it was lost (3.1). */
export function sendEventsStream(broker: Broker, call: ServerDuplexStream<Event, Result>): void {
  call.on('data', (event: Event) => {
    const published = publish(broker, event)
    if ('refused' in published) writeAndHold(call, { eventId: event.eventId, sent: false, error: published.refused })
    else if (event.store) {
      broker.journal()?.flush()
      writeAndHold(call, published.result)
    }
  })
  // The only confirmation of plain events: the stream ends well once all were handled (3.1).
  call.on('end', () => call.end())
}

export function subscribeToEvents(broker: Broker, call: ServerWritableStream<Subscribe, EventReceive>): void {
  switch (call.request.subscribeTypeData) {
    case SubscribeType.EVENTS:
      subscribeToPlain(broker, call)
      return
    case SubscribeType.EVENTS_STORE:
      subscribeToStore(broker, call)
      return
    default:
      failStream(call, internal(SAYS.subscribeType))
  }
}

function subscribeToPlain(broker: Broker, call: ServerWritableStream<Subscribe, EventReceive>): void {
  const { channel, group } = call.request
  const wrong = eventsSubscriptionError(call.request) ?? listeningError(channel, group)
  if (wrong !== undefined) {
    failStream(call, internal(wrong))
    return
  }
  const outlet = new Outlet<EventReceive>(call, broker.quirks())
  const listener = { pattern: channel, group, hear: (event: Event) => outlet.push(received(event)) }
  const begin = setTimeout(() => broker.events.add(listener), settling(broker, 'events'))
  whenGone(call, () => {
    clearTimeout(begin)
    outlet.close()
    setTimeout(() => broker.events.remove(listener), UNSUBSCRIBE_MS)
  })
}

/** What the broker inside says to a name or group that it cannot listen to (3.3, 3.4). */
export function listeningError(channel: string, group: string): string | undefined {
  if (/\s/.test(group)) return SAYS.natsGroup
  const trouble = troubleWith(channel, '')
  const bad = trouble === 'empty token' || trouble === 'tab' || trouble === 'return' || trouble === 'line'
  return bad ? SAYS.natsSubject : undefined
}

/** Time and sequence of a plain event are 0 (3.2); who published it is not told. */
function received({ eventId, channel, metadata, body, tags }: Event): EventReceive {
  return { eventId, channel, metadata, body, timestamp: 0n, sequence: 0n, tags }
}

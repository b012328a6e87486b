import type { ServerWritableStream } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { failStream, internal, whenGone } from './calls.js'
import { wallNs } from './clock.js'
import type { Group } from './group.js'
import type { Kept, Log } from './log.js'
import { folderError, PREFIX, troubleWith } from './names.js'
import { Outlet } from './outlet.js'
import { type Event, type EventReceive, EventsStoreType, type Subscribe } from './proto.js'
import { settling } from './settling.js'
import { SAYS } from './texts.js'
import { storeSubscriptionError } from './validate.js'

/** How many events a subscription may hold unacknowledged, and for how long (4: ghost members, in steps of 30 s). */
const SEAT = { room: 1_024, ackWaitMs: 30_000 }

type Call = ServerWritableStream<Subscribe, EventReceive>

export function subscribeToStore(broker: Broker, call: Call): void {
  const { clientId } = call.request
  const wrong =
    clientError(broker, clientId) ?? storeSubscriptionError(call.request) ?? subjectError(broker, call.request)
  if (wrong !== undefined) {
    failStream(call, internal(wrong))
    return
  }
  broker.storeClients.add(clientId)
  const begin = setTimeout(() => attach(broker, call), settling(broker, 'store'))
  // The same id is free again at once (4).
  whenGone(call, () => {
    clearTimeout(begin)
    broker.storeClients.delete(clientId)
  })
}

function attach(broker: Broker, call: Call): void {
  const group = groupOf(broker, call.request)
  const outlet = new Outlet<EventReceive>(call, broker.quirks())
  // Acknowledged when it is in the buffer, not when the client has it: what is under way at the end is lost (C1).
  const seat = group.join(SEAT, (event, own) => outlet.push(received(event), () => group.ack(own, event.seq)))
  whenGone(call, () => {
    outlet.close()
    group.leave(seat)
  })
}

/**
 * The place in the log belongs to the client's id, or to the group's name if it has one: who comes back resumes there,
 * whatever start it asks for (4).
 */
function groupOf(broker: Broker, subscribe: Subscribe): Group<Event> {
  const { channel, clientId, group: name } = subscribe
  const log = broker.store.log(channel)
  const begin = (group: Group<Event>): void => group.startAt(startOf(log, subscribe))
  if (name !== '') return broker.store.group(channel, `group ${name}`, begin)
  const own = broker.store.group(channel, `client ${clientId}`, begin)
  // The id was free, so what sits there is what an earlier process left.
  for (const ghost of [...own.seats]) own.leave(ghost)
  return own
}

/** A position that is not there yet, or is another server's, is silently "new only" (4). */
function startOf(log: Log<Event>, { eventsStoreTypeData, eventsStoreTypeValue }: Subscribe): number {
  const next = log.last + 1
  switch (eventsStoreTypeData) {
    case EventsStoreType.START_FROM_FIRST:
      return 1
    case EventsStoreType.START_FROM_LAST:
      return Math.max(1, log.last)
    case EventsStoreType.START_AT_SEQUENCE:
      return eventsStoreTypeValue > BigInt(log.last) ? next : Number(eventsStoreTypeValue)
    case EventsStoreType.START_AT_TIME:
      return log.after(eventsStoreTypeValue + TIME_LOST_NS)
    case EventsStoreType.START_AT_TIME_DELTA:
      return log.after(wallNs() - eventsStoreTypeValue * 1_000_000_000n)
    default:
      return next
  }
}

/** A time becomes an age, and is counted back from a later moment: what has just that stamp is skipped (C17). */
const TIME_LOST_NS = 100_000n

function clientError(broker: Broker, clientId: string): string | undefined {
  if (clientId === '') return SAYS.clientId
  if (!/^[A-Za-z0-9_-]+$/.test(clientId)) return SAYS.stanClientId
  // Until its connection is closed, however long nobody is there any more (C6).
  return broker.storeClients.has(clientId) ? SAYS.stanRegistered : undefined
}

/** What the broker inside says to a name that it cannot keep a log of (3.4). */
function subjectError({ host }: Broker, { channel, group }: Subscribe): string | undefined {
  const trouble = troubleWith(channel, PREFIX.store)
  switch (trouble) {
    case 'empty token':
    case 'slash':
      return SAYS.stanSubject
    case 'nul':
    case 'long':
      return folderError(trouble, host, PREFIX.store + channel)
    case 'colon':
      return group === '' ? undefined : SAYS.stanGroup
    default:
      return undefined
  }
}

function received({ seq, stamp, value }: Kept<Event>): EventReceive {
  const { eventId, channel, metadata, body, tags } = value
  return { eventId, channel, metadata, body, timestamp: stamp, sequence: BigInt(seq), tags }
}

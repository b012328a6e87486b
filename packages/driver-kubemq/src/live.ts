import { type Channel, matchesPath, type Reception } from '@spanwire/driver'
import { KubemqDelivery } from './delivery.js'
import { Ear } from './ear.js'
import { incapable } from './errors.js'
import type { Opened, Wanted } from './opened.js'
import { encoderOf } from './outlet.js'
import { pathOf, subscriptionsOf } from './place.js'
import { type EventReceive, EventsStoreType, SubscribeType } from './proto/kubemq.js'
import type { Publishing } from './publishing.js'
import { receptionOf } from './reception.js'
import { sendEach } from './sending.js'

/** A topic on KubeMQ's Events: who listens gets it, nobody keeps it. */
export function liveChannel(opened: Opened, publishing: Publishing): Channel {
  const { wire, spec, can } = opened
  const encode = encoderOf(opened)
  return {
    can,
    send: (batch, report) =>
      sendEach(wire, batch, report, (message, index, open) => {
        if (message.ttlMs !== undefined || message.delayMs) throw incapable(spec.name, 'keep a message')
        publishing.send(encode(message), message.id ?? wire.freshId(), open, index)
      }),
    receive: (...wanted) => listen(opened, wanted),
    probe: (signal) => wire.probe(spec.name, signal),
  }
}

/** What is published from now on. Too slow a reader loses the oldest, and hears how many. */
async function listen({ wire, spec }: Opened, [source, flow, signal]: Wanted): Promise<Reception> {
  const { at } = source.start ?? { at: 'now' }
  if (at !== 'now') throw incapable(spec.name, `start at ${at}`)
  const { channels, passes } = subscriptionsOf(spec, source)
  const { group = '' } = source
  const reception = receptionOf(wire, { flow })
  const refill = (): void => reception.trim(reception.flow)
  /** What fits an earlier subscription came there; but in a group only one of them gets it. */
  const cameBefore = (channel: string, by: number): boolean =>
    by > 0 && group === '' && channels.slice(0, by).some((one) => matchesPath(one, channel))
  const hear = (event: EventReceive, by: number): void => {
    const { channel, eventId: id, body, metadata, tags } = event
    const path = pathOf(spec, channel)
    if (passes?.(path) === false || cameBefore(channel, by)) return
    const received = { path, id, body, metadata, tags, timeNs: 0n, sequence: 0n, attempt: 1 }
    reception.take(new KubemqDelivery(reception.origin, received))
    refill()
  }
  const streams = channels.map((channel) => () => {
    const request = {
      subscribeTypeData: SubscribeType.EVENTS,
      clientId: wire.freshId(),
      channel,
      group,
      eventsStoreTypeData: EventsStoreType.UNDEFINED,
      eventsStoreTypeValue: 0n,
    }
    return wire.client.subscribeToEvents(request, wire.metadata)
  })
  await Ear.attach(wire, { what: `Subscribing to ${channels[0]}`, streams, hear, refill }, reception, signal)
  return reception
}

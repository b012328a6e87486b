import type { Msg } from '@nats-io/transport-node'
import type { Channel, MessagingError, Reception } from '@spanwire/driver'
import { NatsDelivery } from './delivery.js'
import { Ear } from './ear.js'
import { incapable } from './errors.js'
import { encodeHeaders } from './headers.js'
import { readLog } from './log.js'
import type { Opened, Wanted } from './opened.js'
import { outletOf } from './outlet.js'
import { patternsOf } from './patterns.js'
import { receptionOf } from './reception.js'
import { sendAndFlush } from './sending.js'

/** A topic on NATS's own subjects: who listens gets it, nobody keeps it, but for the newest of each path where a stream does. */
export function liveChannel(opened: Opened): Channel {
  const { wire, spec, can } = opened
  const outlet = outletOf(opened, (message, subject) => {
    if (message.ttlMs !== undefined || message.delayMs) throw incapable(spec.name, 'keep a message')
    wire.publish(subject, message.body, undefined, encodeHeaders(message))
  })
  return {
    can,
    send: (batch, report) => sendAndFlush(outlet, batch, report),
    receive(source, flow, signal) {
      const at = source.start?.at ?? 'now'
      if (at === 'latest' && source.group === undefined) return readLog(opened, [source, flow, signal])
      if (at !== 'now') return Promise.reject(incapable(spec.name, `start at ${at}`))
      return listen(opened, [source, flow, signal])
    },
    probe: (signal) => wire.roundTrip(signal, `A probe of ${spec.name}`),
  }
}

/** What is published from now on. Too slow a reader loses the oldest, and hears how many. */
async function listen({ wire, spec }: Opened, [source, flow, signal]: Wanted): Promise<Reception> {
  const reception = receptionOf(wire, { spec, flow })
  const fit = (): void => reception.trim(reception.flow)
  const hear = (msg: Msg): void => {
    reception.take(new NatsDelivery(reception.origin, msg))
    fit()
  }
  const listener = { hear, fail: (error: MessagingError) => reception.fail(error) }
  const ear = await Ear.attach(wire, { subjects: patternsOf(spec, source), queue: source.group }, listener, signal)
  return reception.begin({ refill: fit, leave: () => ear.leave() })
}

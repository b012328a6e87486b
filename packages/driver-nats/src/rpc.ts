import type { Msg } from '@nats-io/transport-node'
import type { Channel, Flow, MessagingError, Reception, SendOutcome } from '@spanwire/driver'
import { channelError, failed, type Terms } from '@spanwire/driver/kit'
import { NatsDelivery } from './delivery.js'
import { Ear } from './ear.js'
import { incapable } from './errors.js'
import { decodeHeaders, encodeHeaders, errorLine, errorOf, headText, rawHeaders, statusOf } from './headers.js'
import type { Opened, Wanted } from './opened.js'
import { outletOf } from './outlet.js'
import { patternsOf } from './patterns.js'
import { receptionOf } from './reception.js'
import { sendForAnswers } from './sending.js'
import type { Wire } from './wire.js'

/** The queue group in which responders share: the one of NATS services, so that they share with them too. */
const RESPONDERS = 'q'
/** Requests that wait in a responder for their turn. NATS keeps none, and whoever asked would wait for its deadline. */
const WAITING: Flow = { messages: 10_000, bytes: 64 << 20 }

/** Requests on a subject, each with a reply subject of its own; a responder answers there. */
export function rpcChannel(opened: Opened): Channel {
  const { wire, spec, can } = opened
  const outlet = outletOf(opened, (message, subject, reply) => {
    if (message.delayMs) throw incapable(spec.name, 'delay a request')
    wire.publish(subject, message.body, reply, encodeHeaders(message))
  })
  return {
    can,
    send: (batch, report) => sendForAnswers(outlet, batch, report, readReply),
    receive: (...wanted) => respond(opened, wanted),
    probe: (signal) => wire.roundTrip(signal, `A probe of ${spec.name}`),
  }
}

function readReply(msg: Msg, subject: string): SendOutcome {
  const head = headText(msg)
  if (statusOf(head) === 503) {
    return failed('refused', channelError('not-found', `Nobody responds to ${subject} at this NATS server.`))
  }
  return { outcome: 'done', reply: { body: msg.data, error: errorOf(head), headers: () => decodeHeaders(head) } }
}

/** Requests to answer: at most `flow` at a time, the rest waits its turn here. */
async function respond({ wire, spec }: Opened, [source, flow, signal]: Wanted): Promise<Reception> {
  const reception = receptionOf(wire, { spec, flow, terms: replyTerms(wire, spec.name) })
  const hear = (msg: Msg): void => {
    reception.take(new NatsDelivery(reception.origin, msg))
    reception.trim(WAITING)
  }
  const listener = { hear, fail: (error: MessagingError) => reception.fail(error) }
  const ear = await Ear.attach(wire, { subjects: patternsOf(spec, source), queue: RESPONDERS }, listener, signal)
  return reception.begin({ refill: () => undefined, leave: () => ear.leave() })
}

function replyTerms(wire: Wire, name: string): Terms<NatsDelivery> {
  return {
    leaseMs: Number.POSITIVE_INFINITY,
    // Somebody may have begun.
    takesBack: false,
    async settle({ msg: { reply } }, how, release) {
      if (how !== 'ack' && 'retryMs' in how) throw incapable(name, 'retry a request')
      release()
      if (how === 'ack' || !reply) return
      const { body, headers, error } = how
      const head = encodeHeaders({ ...(headers && { headers }) }, error && errorLine(error))
      wire.publish(reply, body, undefined, head)
      await wire.read()
    },
    extend: () => Promise.reject(incapable(name, 'extend a request')),
    /** To whoever else responds, or to nobody, of which the requester is told. */
    giveBack({ msg }) {
      if (msg.reply && !wire.over) wire.publish(msg.subject, msg.data, msg.reply, rawHeaders(headText(msg)))
    },
  }
}

import type { Msg } from '@nats-io/transport-node'
import type {
  Batch,
  Capabilities,
  Channel,
  ChannelSpec,
  Flow,
  MessagingError,
  Outgoing,
  Reception,
  SendOutcome,
  Source,
} from '@spanwire/driver'
import { type Desk, NatsDelivery, type Origin, type Settlement } from './delivery.js'
import { Ear } from './ear.js'
import { channelError, incapable, notHeld } from './errors.js'
import { decodeHeaders, encodeHeaders, errorLine, errorOf, headText, rawHeaders, statusOf } from './headers.js'
import { Hold } from './hold.js'
import { Outlet } from './outlet.js'
import { patternsOf } from './patterns.js'
import { failed, sendForAnswers } from './sending.js'
import { Shelf } from './shelf.js'
import type { Member, Wire } from './wire.js'

/** The queue group in which responders share: the one of NATS services, so that they share with them too. */
const RESPONDERS = 'q'
/** Requests that wait in a responder for their turn. NATS keeps none, and whoever asked would wait for its deadline. */
const WAITING: Flow = { messages: 10_000, bytes: 64 << 20 }

/** Requests on a subject, each with a reply subject of its own; a responder answers there. */
export function rpcChannel(wire: Wire, spec: ChannelSpec, can: Capabilities): Channel {
  const write = (message: Outgoing, subject: string, reply?: string): void => {
    if (message.delayMs) throw incapable(spec.name, 'delay a request')
    wire.publish(subject, message.body, reply, encodeHeaders(message))
  }
  const outlet = new Outlet(wire, spec, can, write)
  return {
    can,
    send: (batch, report) => sendForAnswers(outlet, batch, report, readReply),
    async receive(source, flow, signal) {
      const responder = new Responder(wire, spec, flow)
      await responder.attach(source, signal)
      return responder
    },
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
class Responder implements Reception, Member, Desk {
  readonly #wire: Wire
  readonly #spec: ChannelSpec
  readonly #origin: Origin
  readonly #shelf: Shelf
  readonly #hold: Hold = new Hold(() => this.#shelf.wake())
  #flow: Flow
  #ear: Ear | undefined

  constructor(wire: Wire, spec: ChannelSpec, flow: Flow) {
    this.#wire = wire
    this.#spec = spec
    this.#origin = { prefix: spec.name.length + 1, desk: this }
    this.#flow = flow
    this.#shelf = new Shelf(() => ({ ...this.#flow, messages: this.#flow.messages - this.#hold.count }))
  }

  async attach(source: Source, signal: AbortSignal): Promise<void> {
    const subjects = patternsOf(this.#spec, source)
    const listener = { hear: (msg: Msg) => this.#take(msg), fail: (error: MessagingError) => this.end(error) }
    this.#ear = await Ear.attach(this.#wire, { subjects, queue: RESPONDERS }, listener, signal)
    this.#wire.members.add(this)
  }

  async next(): Promise<Batch | undefined> {
    const batch = await this.#shelf.next()
    if (batch) for (const one of batch.deliveries) this.#hold.add(one as NatsDelivery, Number.POSITIVE_INFINITY)
    return batch
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#shelf.wake()
  }

  async stop(signal: AbortSignal): Promise<void> {
    const rest = this.#shelf.end()
    const drained = this.#ear?.drain()
    for (const one of rest) this.#handOn(one.msg)
    // What was taken and is not answered cannot be given back: somebody may have begun.
    await this.#hold.idle(signal, () => undefined)
    await drained
    this.#wire.members.delete(this)
  }

  end(error?: MessagingError): void {
    this.#shelf.end(this.#wire.over ? undefined : error)
    this.#hold.clear()
    this.#wire.members.delete(this)
  }

  leave(): void {
    void this.stop(AbortSignal.abort())
  }

  holds(delivery: NatsDelivery): boolean {
    return this.#hold.has(delivery)
  }

  settle(delivery: NatsDelivery, how: Settlement): Promise<void> {
    if (how !== 'ack' && 'retryMs' in how) return Promise.reject(incapable(this.#spec.name, 'retry a request'))
    if (!this.#hold.release(delivery)) return Promise.reject(notHeld())
    const { reply } = delivery.msg
    if (how === 'ack' || !reply) return Promise.resolve()
    const { body, headers, error } = how
    try {
      this.#wire.publish(
        reply,
        body,
        undefined,
        encodeHeaders({ ...(headers && { headers }) }, error && errorLine(error)),
      )
    } catch (cause) {
      return Promise.reject(cause)
    }
    return this.#wire.written()
  }

  extend(): Promise<void> {
    return Promise.reject(incapable(this.#spec.name, 'extend a request'))
  }

  #take(msg: Msg): void {
    if (!this.#shelf.isLive) {
      this.#handOn(msg)
      return
    }
    this.#shelf.put(new NatsDelivery(this.#origin, msg))
    while (this.#shelf.isOver(WAITING)) this.#shelf.drop()
  }

  /** To whoever else responds, or to nobody, of which the requester is told. */
  #handOn(msg: Msg): void {
    if (this.#wire.over || !msg.reply) return
    this.#wire.publish(msg.subject, msg.data, msg.reply, rawHeaders(headText(msg)))
  }
}

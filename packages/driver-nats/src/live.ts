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
  Source,
} from '@spanwire/driver'
import { NatsDelivery, type Origin } from './delivery.js'
import { Ear } from './ear.js'
import { incapable } from './errors.js'
import { encodeHeaders } from './headers.js'
import { Outlet } from './outlet.js'
import { patternsOf } from './patterns.js'
import { sendAndFlush } from './sending.js'
import { Shelf } from './shelf.js'
import { alone } from './stored.js'
import type { Member, Wire } from './wire.js'

/** A topic on NATS's own subjects: who listens gets it, nobody keeps it, but for the newest of each path where a stream does. */
export function liveChannel(wire: Wire, spec: ChannelSpec, can: Capabilities): Channel {
  const write = (message: Outgoing, subject: string): void => {
    if (message.ttlMs !== undefined || message.delayMs) throw incapable(spec.name, 'keep a message')
    wire.publish(subject, message.body, undefined, encodeHeaders(message))
  }
  const outlet = new Outlet(wire, spec, can, write)
  return {
    can,
    send: (batch, report) => sendAndFlush(outlet, batch, report),
    async receive(source, flow, signal) {
      if (source.start?.at === 'latest' && source.group === undefined) {
        return alone(wire, spec, source, flow, signal, can.starts)
      }
      const at = source.start?.at ?? 'now'
      if (at !== 'now') throw incapable(spec.name, `start at ${at}`)
      const reception = new LiveReception(wire, spec, flow)
      await reception.attach(source, signal)
      return reception
    },
    probe: (signal) => wire.roundTrip(signal, `A probe of ${spec.name}`),
  }
}

/** What is published from now on. Too slow a reader loses the oldest, and hears how many. */
class LiveReception implements Reception, Member {
  readonly #wire: Wire
  readonly #spec: ChannelSpec
  readonly #origin: Origin
  readonly #shelf: Shelf
  #flow: Flow
  #ear: Ear | undefined

  constructor(wire: Wire, spec: ChannelSpec, flow: Flow) {
    this.#wire = wire
    this.#spec = spec
    this.#origin = { prefix: spec.name.length + 1 }
    this.#flow = flow
    this.#shelf = new Shelf(() => this.#flow)
  }

  async attach(source: Source, signal: AbortSignal): Promise<void> {
    const subjects = patternsOf(this.#spec, source)
    const listener = { hear: (msg: Msg) => this.#take(msg), fail: (error: MessagingError) => this.#leave(error) }
    this.#ear = await Ear.attach(this.#wire, { subjects, queue: source.group }, listener, signal)
    this.#wire.members.add(this)
  }

  next(): Promise<Batch | undefined> {
    return this.#shelf.next()
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#fit()
  }

  stop(): Promise<void> {
    this.#leave()
    return Promise.resolve()
  }

  end(): void {
    this.#shelf.end()
  }

  #take(msg: Msg): void {
    this.#shelf.put(new NatsDelivery(this.#origin, msg))
    this.#fit()
  }

  #fit(): void {
    while (this.#shelf.isOver(this.#flow)) this.#shelf.drop()
  }

  #leave(error?: MessagingError): void {
    this.#shelf.end(error)
    this.#ear?.leave()
    this.#wire.members.delete(this)
  }
}

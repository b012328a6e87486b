import type { Msg } from '@nats-io/transport-node'
import type { ChannelSpec, MessagingError, Reception, Source } from '@spanwire/driver'
import { channelError, type Feed } from '@spanwire/driver/kit'
import { ackInfo } from './ack.js'
import { createReader, deleteReader, type Filter, type From, filterOf, fromOf } from './consumers.js'
import { NatsDelivery } from './delivery.js'
import { incapable } from './errors.js'
import type { Opened, Wanted } from './opened.js'
import { PROMISED_BEAT_MS, Pull, type Puller } from './pull.js'
import { type NatsReception, receptionOf } from './reception.js'
import { replicatedInfo, type StreamInfo, streamOf } from './streams.js'
import type { Wire } from './wire.js'

/**
 * Reads a stream in its order, from a place of its own. The consumer at the server is expendable: a reception that loses it is over,
 * and whoever wants to go on attaches again behind the last position.
 */
export async function readLog(opened: Opened, [source, flow, signal]: Wanted): Promise<Reception> {
  const { wire, spec, can } = opened
  const at = source.start?.at ?? 'now'
  if (!can.starts.includes(at)) throw incapable(spec.name, `start at ${at}`)
  const filter = filterOf(wire, spec, source)
  const info = await replicatedInfo(wire, spec.name, signal)
  const from = fromOf(source.start, info, spec.name)
  const epoch = spec.kind === 'topic' && spec.keep === 'durable' ? info.created : undefined
  const reception = receptionOf(wire, { spec, flow, epoch, beatMs: PROMISED_BEAT_MS })
  tellExpired(reception, from, info, source)
  const { name, num_pending: stored } = await createReader(
    opened,
    { from, filter, leader: info.cluster?.leader },
    signal,
  )
  const reader = new Reader(wire, spec, { name, filter, stored }, reception)
  await reader.pull.start(signal).catch((error: unknown) => {
    void reader.leave()
    throw error
  })
  return reception.begin(reader)
}

/** What retention has taken away will not come. */
function tellExpired({ shelf }: NatsReception, from: From, { state }: StreamInfo, { paths }: Source): void {
  if (from === 'latest' || state.first_seq <= 1) return
  if ('timeMs' in from) {
    if (Date.parse(state.first_ts) > from.timeMs) shelf.tell({ lost: { reason: 'expired' } })
  } else if (from.seq < state.first_seq) {
    shelf.tell({ lost: { reason: 'expired', ...(!paths && { count: state.first_seq - from.seq }) } })
  }
}

interface Consumer {
  readonly name: string
  readonly filter: Filter
  /** So many messages were stored when it was made. */
  readonly stored: number
}

/** One consumer without acknowledgements, and its only reader. */
class Reader implements Feed, Puller {
  readonly requests = 2
  readonly expiresMs = 30_000
  /** Longer than whoever misses our beats takes to attach again. */
  readonly silenceMs = 7_000
  readonly pull: Pull
  readonly #wire: Wire
  readonly #spec: ChannelSpec
  readonly #consumer: Consumer
  readonly #reception: NatsReception
  #heard = 0
  #isCaughtUp = false

  constructor(wire: Wire, spec: ChannelSpec, consumer: Consumer, reception: NatsReception) {
    this.#wire = wire
    this.#spec = spec
    this.#consumer = consumer
    this.#reception = reception
    this.pull = new Pull(wire, `${streamOf(spec.name)}.${consumer.name}`, reception, this)
    this.#look(consumer.stored)
  }

  refill(): void {
    this.pull.refill()
  }

  leave(): Promise<void> {
    deleteReader(this.#wire, this.#spec, this.#consumer.name)
    return this.pull.drain()
  }

  hear(msg: Msg): void {
    const ack = ackInfo(msg.reply ?? '')
    this.#heard += 1
    // Something between was lost on its way here.
    if (ack.consumerSeq !== this.#heard) {
      this.over()
      return
    }
    const path = msg.subject.slice(this.#spec.name.length + 1)
    if (this.#consumer.filter.passes?.(path) !== false)
      this.#reception.take(new NatsDelivery(this.#reception.origin, msg, ack))
    this.#look(Math.min(this.#consumer.stored - this.#heard, ack.pending))
  }

  over(error?: MessagingError): void {
    const why = `The reader of ${this.#spec.name} at NATS was lost: its node died, it was deleted, or messages on their way were; attach again.`
    this.#reception.fail(error ?? channelError('unavailable', why))
  }

  #look(left: number): void {
    if (this.#isCaughtUp || left > 0) return
    this.#isCaughtUp = true
    this.#reception.shelf.tell({ caughtUp: true })
  }
}

import type { Msg } from '@nats-io/transport-node'
import { type Batch, type ChannelSpec, type Flow, MessagingError, type Reception, type Source } from '@spanwire/driver'
import { ackInfo } from './ack.js'
import { createReader, deleteReader, type Filter, type From, filterOf, fromOf } from './consumers.js'
import { NatsDelivery, type Origin } from './delivery.js'
import { channelError } from './errors.js'
import { PROMISED_BEAT_MS, Pull, type Puller } from './pull.js'
import { Shelf } from './shelf.js'
import { replicatedInfo, type StreamInfo, streamOf } from './streams.js'
import type { Member, Wire } from './wire.js'

/** Patience with JetStream, and between two tries, when a consumer has to be made anew. */
const RENEW_MS = 2_000
const PAUSE_MS = 500

/**
 * Reads a stream in its order, from a place of its own. The consumer at the server is expendable: when it is lost with its node,
 * forgotten or silent, another one goes on behind the last message, and beats stay away until it does.
 */
export class LogReception implements Reception, Member, Puller {
  readonly beatMs: number = PROMISED_BEAT_MS
  readonly requests = 2
  readonly expiresMs = 30_000
  flow: Flow
  readonly #wire: Wire
  readonly #spec: ChannelSpec
  readonly #filter: Filter
  readonly #source: Source
  readonly #shelf: Shelf
  #origin: Origin = { prefix: 0 }
  #from: From = 'latest'
  #consumer: string | undefined
  #pull: Pull | undefined
  #heard = 0
  /** Messages that were stored when we attached and are not here yet; undefined: all are. */
  #stored: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(wire: Wire, spec: ChannelSpec, source: Source, flow: Flow) {
    this.#wire = wire
    this.#spec = spec
    this.#filter = filterOf(wire, spec, source)
    this.#source = source
    this.flow = flow
    this.#shelf = new Shelf(
      () => this.flow,
      () => this.#pull?.refill(),
    )
  }

  get held(): Shelf {
    return this.#shelf
  }

  get isAwaited(): boolean {
    return this.#shelf.isAwaited
  }

  async attach(signal: AbortSignal): Promise<void> {
    const info = await this.#info(signal)
    this.#from = fromOf(this.#source.start, info, this.#spec.name)
    const epoch = this.#spec.kind === 'topic' && this.#spec.keep === 'durable' ? { epoch: info.created } : {}
    this.#origin = { prefix: this.#spec.name.length + 1, ...epoch }
    this.#stored = 0
    await this.#read(info, signal)
    this.#wire.members.add(this)
  }

  next(): Promise<Batch | undefined> {
    return this.#shelf.next()
  }

  adjust(flow: Flow): void {
    this.flow = flow
    this.#pull?.refill()
  }

  stop(): Promise<void> {
    this.end()
    this.#drop()
    return Promise.resolve()
  }

  end(): void {
    this.#shelf.end()
    clearTimeout(this.#timer)
    this.#wire.members.delete(this)
  }

  leave(): void {
    this.#drop()
  }

  beat(): void {
    this.#shelf.beat()
  }

  hear(msg: Msg): void {
    const ack = ackInfo(msg.reply ?? '')
    this.#heard += 1
    // Something between was lost on its way here: it is read again.
    if (ack.consumerSeq !== this.#heard) {
      this.over()
      return
    }
    this.#from = { seq: ack.streamSeq + 1 }
    const delivery = new NatsDelivery(this.#origin, msg, ack)
    if (this.#filter.passes?.(delivery.path) !== false) this.#shelf.put(delivery)
    if (this.#stored === undefined) return
    this.#stored -= 1
    if (this.#stored <= 0 || ack.pending === 0) this.#caughtUp()
  }

  over(cause?: 'gone' | 'silent' | MessagingError): void {
    this.#drop()
    if (MessagingError.is(cause)) this.#fail(cause)
    else void this.#renew()
  }

  #caughtUp(): void {
    this.#stored = undefined
    this.#shelf.caughtUp()
  }

  async #info(signal: AbortSignal): Promise<StreamInfo> {
    const info = await replicatedInfo(this.#wire, this.#spec.name, signal)
    if (info) return info
    throw channelError('not-found', `Stream ${streamOf(this.#spec.name)} was deleted; open the channel again.`)
  }

  /** Goes on from where we are, with a consumer of its own. */
  async #read(info: StreamInfo, signal: AbortSignal): Promise<void> {
    this.#tellExpired(info)
    const { name, num_pending: pending } = await createReader(this.#wire, this.#spec, this.#from, this.#filter, signal)
    this.#consumer = name
    this.#heard = 0
    try {
      const pull = new Pull(this.#wire, `${streamOf(this.#spec.name)}.${name}`, this)
      this.#pull = pull
      await pull.start(signal)
    } catch (error) {
      this.#drop()
      throw error
    }
    if (this.#stored === undefined) return
    this.#stored = pending
    if (pending === 0) this.#caughtUp()
  }

  #tellExpired({ state }: StreamInfo): void {
    if (this.#from === 'latest' || state.first_seq <= 1) return
    if ('timeMs' in this.#from) {
      if (Date.parse(state.first_ts) > this.#from.timeMs) this.#shelf.lose('expired')
    } else if (this.#from.seq < state.first_seq) {
      this.#shelf.lose('expired', this.#source.paths ? undefined : state.first_seq - this.#from.seq)
    }
  }

  async #renew(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(RENEW_MS)
      const info = await this.#info(signal)
      const { epoch } = this.#origin
      if (epoch !== undefined && info.created !== epoch) {
        throw channelError(
          'conflict',
          `Stream ${streamOf(this.#spec.name)} is another one by now, made at ${info.created}.`,
        )
      }
      await this.#read(info, signal)
      if (!this.#shelf.isLive) this.#drop()
    } catch (error) {
      if (!this.#shelf.isLive || this.#wire.over) return
      if (MessagingError.is(error) && !error.retryable && error.code !== 'canceled') this.#fail(error)
      else this.#timer = setTimeout(() => void this.#renew(), PAUSE_MS)
    }
  }

  #fail(error: MessagingError): void {
    this.#shelf.end(error)
    void this.stop()
  }

  #drop(): void {
    this.#pull?.stop()
    this.#pull = undefined
    if (this.#consumer) deleteReader(this.#wire, this.#spec, this.#consumer)
    this.#consumer = undefined
  }
}

import type { Msg } from '@nats-io/transport-node'
import { type Batch, type ChannelSpec, type Flow, MessagingError, type Reception } from '@spanwire/driver'
import { ackInfo } from './ack.js'
import { arrival } from './arrival.js'
import { findConsumer, joinGroup, type Membership } from './consumers.js'
import { type Desk, NatsDelivery, type Origin, type Settlement } from './delivery.js'
import { incapable, maybe, notHeld } from './errors.js'
import { headText, statusOf } from './headers.js'
import { Hold } from './hold.js'
import { PROMISED_BEAT_MS, Pull, type Puller } from './pull.js'
import { Shelf } from './shelf.js'
import { streamOf } from './streams.js'
import type { Member, Wire } from './wire.js'

/** Patience with JetStream when the consumer is looked for, and between two tries. */
const LOOK_MS = 2_000
const PAUSE_MS = 500

/** Deliveries that are ours until settled: the jobs of a queue, or a group's share of a durable topic. */
export class WorkReception implements Reception, Member, Puller, Desk {
  readonly beatMs: number = PROMISED_BEAT_MS
  /** One at a time: a lease counts from the request, so that of each delivery must be known. */
  readonly requests = 1
  readonly expiresMs: number
  flow: Flow
  readonly held: Hold = new Hold(() => this.#pull?.refill())
  readonly #wire: Wire
  readonly #spec: ChannelSpec
  readonly #membership: Membership
  readonly #consumer: { readonly stream: string; readonly name: string }
  readonly #origin: Origin
  readonly #shelf: Shelf
  #pull: Pull | undefined
  #timer: NodeJS.Timeout | undefined
  #isLeaving = false
  /** Nobody will pull these. */
  readonly #toGiveBack: NatsDelivery[] = []

  constructor(wire: Wire, spec: ChannelSpec, membership: Membership, flow: Flow) {
    this.#wire = wire
    this.#spec = spec
    this.#membership = membership
    this.#consumer = { stream: streamOf(spec.name), name: membership.name }
    this.#origin = { prefix: spec.name.length + 1, desk: this }
    this.expiresMs = Math.min(30_000, Math.ceil(membership.leaseMs / 4))
    this.flow = flow
    this.#shelf = new Shelf(() => this.flow)
  }

  get isAwaited(): boolean {
    return this.#shelf.isAwaited
  }

  async attach(signal: AbortSignal): Promise<void> {
    await joinGroup(this.#wire, this.#spec, this.#membership, signal)
    await this.#start(signal)
    this.#wire.members.add(this)
  }

  next(): Promise<Batch | undefined> {
    return this.#shelf.next()
  }

  adjust(flow: Flow): void {
    this.flow = flow
    this.#pull?.refill()
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#toGiveBack.push(...this.#shelf.end())
    clearTimeout(this.#timer)
    this.#pull?.end()
    const member = () => ({ coming: this.#pull?.coming ?? 0, held: this.held.count })
    if (!signal.aborted) await arrival(this.#wire, this.#consumer, member)
    const drained = this.#pull?.drain()
    // Now that nothing is asked for any more: it would come back to us.
    this.#giveBack(this.#toGiveBack.splice(0))
    this.#isLeaving = true
    await this.held.idle(signal, (rest) => this.#giveBack(rest))
    // What the server had sent already is given back too.
    await drained
    this.#wire.members.delete(this)
  }

  end(): void {
    this.#shelf.end()
    clearTimeout(this.#timer)
    this.held.clear()
  }

  leave(): void {
    void this.stop(AbortSignal.abort())
  }

  beat(): void {
    this.#shelf.beat()
  }

  hear(msg: Msg, askedAt: number): void {
    const delivery = new NatsDelivery(this.#origin, msg, ackInfo(msg.reply ?? ''))
    if (this.#isLeaving) this.#giveBack([delivery])
    else if (this.#membership.filter.passes?.(delivery.path) === false) this.#wire.tell(msg.reply ?? '', '+ACK')
    else {
      this.held.add(delivery, askedAt + this.#membership.leaseMs)
      if (this.#shelf.isLive) this.#shelf.put(delivery)
      else this.#toGiveBack.push(delivery)
    }
  }

  over(cause: 'gone' | 'silent' | MessagingError): void {
    if (MessagingError.is(cause)) this.#fail(cause)
    else void this.#resume()
  }

  holds(delivery: NatsDelivery): boolean {
    return this.held.has(delivery)
  }

  settle(delivery: NatsDelivery, how: Settlement): Promise<void> {
    if (how !== 'ack' && 'body' in how) return Promise.reject(incapable(this.#spec.name, 'take an answer'))
    if (!this.held.release(delivery)) return Promise.reject(notHeld())
    if (how === 'ack') return this.#confirm(delivery, '+ACK')
    return this.#confirm(delivery, how.retryMs > 0 ? `-NAK {"delay":${Math.round(how.retryMs * 1e6)}}` : '-NAK')
  }

  async extend(delivery: NatsDelivery): Promise<void> {
    if (!this.held.has(delivery)) throw notHeld()
    const from = performance.now()
    await this.#confirm(delivery, '+WPI')
    if (this.held.has(delivery)) this.held.add(delivery, from + this.#membership.leaseMs)
  }

  async #start(signal: AbortSignal): Promise<void> {
    const pull = new Pull(this.#wire, `${streamOf(this.#spec.name)}.${this.#membership.name}`, this)
    await pull.start(signal)
    this.#pull = pull
    if (!this.#shelf.isLive) void pull.drain()
  }

  /** Resolves when the server says that it has noted it. */
  #confirm({ msg: { reply = '' } }: NatsDelivery, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wire = this.#wire
      const { inbox } = wire
      const number = inbox.numbers(1)
      wire.publish(reply, text, inbox.address(number))
      inbox.await(number, {
        subject: reply,
        answer: (msg) => {
          if (statusOf(headText(msg)) !== 503) resolve()
          else
            reject(maybe(`The consumer of ${this.#spec.name} does not answer; the delivery may come again.`, 'channel'))
        },
        fail: (_, error) => reject(error),
      })
    })
  }

  /** To others, at once. */
  #giveBack(deliveries: readonly NatsDelivery[]): void {
    for (const one of deliveries) {
      this.held.release(one)
      this.#wire.tell(one.msg.reply ?? '', '-NAK')
    }
  }

  /** The consumer outlives its leader and its asking: asks again, unless it was deleted. */
  async #resume(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(LOOK_MS)
      await findConsumer(this.#wire, this.#consumer, signal)
      if (this.#shelf.isLive) await this.#start(signal)
    } catch (error) {
      if (!this.#shelf.isLive || this.#wire.over) return
      if (MessagingError.is(error) && !error.retryable && error.code !== 'canceled') this.#fail(error)
      else this.#timer = setTimeout(() => void this.#resume(), PAUSE_MS)
    }
  }

  #fail(error: MessagingError): void {
    this.#shelf.end(error)
    this.leave()
  }
}

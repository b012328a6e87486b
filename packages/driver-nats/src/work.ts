import type { Msg } from '@nats-io/transport-node'
import { type ChannelSpec, MessagingError, type Reception } from '@spanwire/driver'
import { type Feed, maybe, type Terms } from '@spanwire/driver/kit'
import { ackInfo } from './ack.js'
import { arrival } from './arrival.js'
import { findConsumer, joinGroup, type Membership } from './consumers.js'
import { NatsDelivery } from './delivery.js'
import { incapable } from './errors.js'
import { givenUpTo } from './given.js'
import { headText, statusOf } from './headers.js'
import type { Opened, Wanted } from './opened.js'
import { PROMISED_BEAT_MS, Pull, type Puller } from './pull.js'
import { type NatsReception, receptionOf } from './reception.js'
import { streamOf } from './streams.js'
import type { Wire } from './wire.js'

/** Patience with JetStream when the consumer is looked for, and between two tries. */
const LOOK_MS = 2_000
const PAUSE_MS = 500

/** Deliveries that are ours until settled: the jobs of a queue, or a group's share of a durable topic. */
export async function share(opened: Opened, membership: Membership, [, flow, signal]: Wanted): Promise<Reception> {
  const { wire, spec } = opened
  const given = await givenUpTo(wire, spec, await joinGroup(wire, spec, membership, signal), signal)
  const terms = ackTerms(wire, spec.name, membership.leaseMs)
  const reception = receptionOf(wire, { spec, flow, terms, beatMs: PROMISED_BEAT_MS })
  const member = new Member(opened, membership, reception, given)
  await member.start(signal)
  return reception.begin(member)
}

/** One who shares in a consumer. */
class Member implements Feed, Puller {
  /** One at a time: a lease counts from the request, so that of each delivery must be known. */
  readonly requests = 1
  readonly expiresMs: number
  readonly silenceMs = 1_500
  readonly #wire: Wire
  readonly #spec: ChannelSpec
  readonly #membership: Membership
  readonly #reception: NatsReception
  /** Up to there the server's count may be too low. */
  #given: number
  #pull: Pull | undefined
  #timer: NodeJS.Timeout | undefined

  constructor({ wire, spec }: Opened, membership: Membership, reception: NatsReception, given: number) {
    this.#wire = wire
    this.#spec = spec
    this.#membership = membership
    this.#reception = reception
    this.#given = given
    this.expiresMs = Math.min(30_000, Math.ceil(membership.leaseMs / 4))
  }

  get #consumer(): string {
    return `${streamOf(this.#spec.name)}.${this.#membership.name}`
  }

  async start(signal: AbortSignal): Promise<void> {
    const pull = new Pull(this.#wire, this.#consumer, this.#reception, this)
    await pull.start(signal)
    this.#pull = pull
    if (!this.#reception.shelf.isLive) await pull.drain()
  }

  refill(): void {
    this.#pull?.refill()
  }

  async leave(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#timer)
    const pull = this.#pull
    if (!pull) return
    pull.end()
    const mine = () => ({ coming: pull.coming, held: this.#reception.hold?.count ?? 0 })
    if (!signal.aborted) await arrival(this.#wire, this.#consumer, mine, signal)
    await pull.drain()
  }

  hear(msg: Msg, askedAt: number): void {
    const { reply = '' } = msg
    const path = msg.subject.slice(this.#spec.name.length + 1)
    if (this.#membership.filter.passes?.(path) === false) {
      this.#wire.tell(reply, '+ACK')
      return
    }
    const told = ackInfo(reply)
    const ack = told.streamSeq > this.#given ? told : { ...told, delivered: told.delivered + 1 }
    this.#reception.take(new NatsDelivery(this.#reception.origin, msg, ack), askedAt)
  }

  over(error?: MessagingError): void {
    if (error) this.#reception.fail(error)
    else void this.#resume()
  }

  /** The consumer outlives its leader and its asking: asks again, unless it was deleted. */
  async #resume(): Promise<void> {
    const { shelf } = this.#reception
    try {
      const signal = AbortSignal.timeout(LOOK_MS)
      const info = await findConsumer(this.#wire, this.#consumer, signal)
      this.#given = await givenUpTo(this.#wire, this.#spec, info, signal)
      if (shelf.isLive) await this.start(signal)
    } catch (error) {
      if (!shelf.isLive || this.#wire.over) return
      if (MessagingError.is(error) && !error.retryable && error.code !== 'canceled') this.#reception.fail(error)
      else this.#timer = setTimeout(() => void this.#resume(), PAUSE_MS)
    }
  }
}

/** Each with an answer of the server, which says that it has noted it. */
function ackTerms(wire: Wire, name: string, leaseMs: number): Terms<NatsDelivery> {
  const confirm = async (msg: Msg, text: string): Promise<void> => {
    const answer = await wire.inbox.ask(msg.reply ?? '', (reply) => wire.publish(msg.reply ?? '', text, reply))
    if (statusOf(headText(answer)) !== 503) return
    throw maybe(`The consumer of ${name} does not answer; the delivery may come again.`, 'channel')
  }
  return {
    leaseMs,
    takesBack: true,
    async settle({ msg }, how, release) {
      if (how !== 'ack' && 'body' in how) throw incapable(name, 'take an answer')
      release()
      const delay = how !== 'ack' && how.retryMs > 0 ? ` {"delay":${Math.round(how.retryMs * 1e6)}}` : ''
      await confirm(msg, how === 'ack' ? '+ACK' : `-NAK${delay}`)
    },
    extend: ({ msg }) => confirm(msg, '+WPI'),
    giveBack({ msg }, why) {
      // What is over came to somebody else, or will.
      if (why === 'unused') wire.tell(msg.reply ?? '', '-NAK')
    },
  }
}

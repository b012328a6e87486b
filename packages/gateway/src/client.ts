import type { ChannelSpec, Flow, MessagingError } from '@spanwire/driver'
import { attach, type Received } from './attach.js'
import { channelSpec, flowOf, invalid, maybe, sourceOf, type Wanted, whole } from './check.js'
import type { Inbound } from './frame.js'
import type { Grants } from './grants.js'
import { Jobs, notHeld } from './jobs.js'
import { answerOf, messagesOf } from './messages.js'
import type { Limits } from './options.js'
import { type Outbox, wireError } from './outbox.js'
import { overloaded, Questions } from './questions.js'
import { Sends } from './sends.js'
import { Subscription } from './subscription.js'
import type { Upstream, UpstreamChannel } from './upstream.js'

interface OpenChannel {
  readonly spec: ChannelSpec
  readonly upstream: UpstreamChannel
}

/** What attached: the source is kept, because a new token may bring other rights. */
interface Reception {
  readonly channel: OpenChannel
  readonly wanted: Wanted
  readonly received: Received
}

type Fields = readonly unknown[]

export interface Surroundings {
  readonly upstream: Upstream
  readonly outbox: Outbox
  readonly limits: Limits
  /** Names the log that positions are of. */
  readonly epoch: string
  readonly beatMs: number
  /** The client broke the protocol in a question. */
  readonly onBreach: (error: MessagingError) => void
  /** An error that is nobody's answer. */
  readonly onFault: (error: unknown) => void
}

/** One client that was let in: its channels, what it receives and what it sends. */
export class ServedClient {
  grants: Grants
  readonly #upstream: Upstream
  readonly #limits: Limits
  readonly #outbox: Outbox
  readonly #epoch: string
  readonly #beatMs: number
  readonly #channels = new Map<number, OpenChannel>()
  readonly #receptions = new Map<number, Reception>()
  readonly #questions: Questions
  readonly #sends: Sends
  #last = 0
  #attaching = 0
  #opening = 0

  constructor(grants: Grants, { upstream, outbox, limits, epoch, beatMs, onBreach, onFault }: Surroundings) {
    this.grants = grants
    this.#upstream = upstream
    this.#limits = limits
    this.#outbox = outbox
    this.#epoch = epoch
    this.#beatMs = beatMs
    this.#questions = new Questions(outbox, limits.questions, onBreach, onFault)
    this.#sends = new Sends(outbox)
    outbox.onFlush = () => this.#sends.tell()
    outbox.onOpen = () => this.#drain()
  }

  static readonly #ops = new Map<string, (client: ServedClient, fields: Fields, frame: Inbound) => void>([
    ['open', (client, fields) => client.#ask(fields, (number) => client.#open(number, fields[1]))],
    [
      'receive',
      (client, fields) => client.#askLong(fields, (number, signal) => client.#receive(number, fields, signal)),
    ],
    ['probe', (client, fields) => client.#askLong(fields, (_, signal) => client.#probe(fields[1], signal))],
    ['send', (client, fields, frame) => client.#send(fields, frame)],
    ['settle', (client, fields, frame) => client.#ask(fields, () => client.#settle(fields, frame), Infinity)],
    ['extend', (client, fields) => client.#ask(fields, () => client.#extend(fields))],
    ['stop', (client, fields) => client.#ask(fields, () => client.#stop(fields))],
    ['next', (client, fields) => client.#next(fields)],
    ['adjust', (client, fields) => client.#adjust(fields)],
    ['cut', (client, fields) => client.#jobs(fields[0])?.cut()],
    ['cancel', (client, fields) => client.#cancel(fields)],
  ])

  /** Does what an op says; throws `invalid` when it breaks the protocol. */
  act(name: string, fields: Fields, frame: Inbound): void {
    const op = ServedClient.#ops.get(name)
    if (!op) throw invalid(`an op of no known name (${name.slice(0, 20)})`)
    op(this, fields, frame)
  }

  /** Whatever a client asks under that number. */
  ask(number: number, answer: () => Promise<unknown>): void {
    this.#questions.ask(number, answer)
  }

  #ask(fields: Fields, answer: (number: number) => Promise<unknown>, limit?: number): void {
    const number = this.#number(fields[0])
    this.#questions.ask(number, () => answer(number), limit)
  }

  #askLong(fields: Fields, answer: (number: number, signal: AbortSignal) => Promise<unknown>): void {
    const number = this.#number(fields[0])
    this.#questions.askLong(number, (signal) => answer(number, signal))
  }

  /** Which idle receptions live, and which deliveries were taken from the client. */
  beat(): void {
    const alive: number[] = []
    for (const [number, { received }] of this.#receptions) {
      if (received.beat()) alive.push(number)
      const gone = received instanceof Jobs ? received.gone() : []
      if (gone.length > 0) this.#outbox.say(['gone', number, gone])
    }
    if (alive.length > 0) this.#outbox.say(['beat', alive])
  }

  /** A new token may bring other rights: what is not allowed any more ends. */
  regrant(grants: Grants): void {
    this.grants = grants
    for (const [number, { channel, wanted }] of this.#receptions) {
      try {
        grants.receive(channel.spec, wanted.source.paths)
      } catch (error) {
        this.#end(number, error)
      }
    }
  }

  /** The connection is over: gives back what is not settled. Sends that were handed on go their way. */
  async close(): Promise<void> {
    this.#questions.cancelAll()
    const receptions = [...this.#receptions.values()]
    this.#receptions.clear()
    await Promise.allSettled(
      receptions.map(({ received }) => (received instanceof Jobs ? received.abandon() : received.stop())),
    )
  }

  /** Numbers rise, so that none means two things. */
  #number(value: unknown): number {
    this.#last = whole(value, 'a number that does not rise,', this.#last + 1)
    return this.#last
  }

  async #open(number: number, value: unknown): Promise<unknown> {
    const spec = channelSpec(value)
    this.grants.open(spec)
    if (this.#channels.size + this.#opening >= this.#limits.channels)
      throw overloaded(`${this.#limits.channels} channels are open`)
    const upstream = this.#upstream.channel(spec)
    this.#opening += 1
    const { can } = await upstream.open().finally(() => {
      this.#opening -= 1
    })
    this.#channels.set(number, { spec, upstream })
    return { can: { ...can, maxBytes: Math.min(can.maxBytes, this.#limits.message) } }
  }

  async #receive(number: number, fields: Fields, signal: AbortSignal): Promise<unknown> {
    const channel = this.#channel(fields[1])
    const wanted = sourceOf(fields[2], channel.spec.params)
    const flow = bounded(flowOf(fields[3]), this.#limits.waiting)
    this.grants.receive(channel.spec, wanted.source.paths)
    if (this.#receptions.size + this.#attaching >= this.#limits.receptions)
      throw overloaded(`${this.#limits.receptions} receptions are attached`)
    const keep = (received: Received): void => void this.#receptions.set(number, { channel, wanted, received })
    this.#attaching += 1
    try {
      return await attach(
        {
          number,
          channel: channel.upstream.now ?? (await channel.upstream.open()),
          feeds: channel.upstream.feeds,
          limits: this.#limits,
          settled: channel.spec.kind !== 'topic' || wanted.source.group !== undefined,
          outbox: this.#outbox,
          epoch: this.#epoch,
          beatMs: this.#beatMs,
          keep,
          onEnd: (error) => this.#end(number, error),
        },
        wanted,
        flow,
        signal,
      )
    } finally {
      this.#attaching -= 1
    }
  }

  async #probe(channel: unknown, signal: AbortSignal): Promise<void> {
    const number = whole(channel, 'a channel')
    if (number === 0) return
    const { upstream } = this.#channel(number)
    await (upstream.now ?? (await upstream.open())).probe(signal)
  }

  #send(fields: Fields, frame: Inbound): void {
    const number = this.#number(fields[0])
    const { spec, upstream } = this.#channel(fields[1])
    const free = this.#limits.inFlight - this.#sends.inFlight
    const maxBytes = Math.min(upstream.now?.can.maxBytes ?? Infinity, this.#limits.message)
    const messages = messagesOf(fields[2], frame, spec, maxBytes, (message, ordinal) =>
      ordinal < free
        ? this.grants.refusal(spec, message)
        : overloaded(`${this.#limits.inFlight} messages are in flight`),
    )
    const channel = upstream.now
    // Lost or not open yet on a new link: refused now, open for the next try.
    if (!channel) upstream.reopen()
    this.#sends.send(number, channel, messages, () => upstream.trouble)
  }

  async #settle(fields: Fields, frame: Inbound): Promise<void> {
    const how = answerOf(fields.slice(3), frame)
    const jobs = this.#jobs(fields[1])
    if (!jobs) throw notHeld()
    await jobs.settle(whole(fields[2], 'a delivery'), how)
  }

  async #stop(fields: Fields): Promise<void> {
    const number = whole(fields[1], 'a reception')
    const reception = this.#receptions.get(number)
    if (!reception) {
      this.#questions.cancel(number)
      return
    }
    if (reception.received instanceof Jobs) await reception.received.stop(whole(fields[2], 'a delivery'))
    else await reception.received.stop()
    this.#receptions.delete(number)
  }

  #next(fields: Fields): void {
    const received = this.#receptions.get(whole(fields[0], 'a reception'))?.received
    const count = whole(fields[1], 'a count')
    if (received instanceof Jobs) void received.pull()
    else received?.taken(count)
  }

  async #extend(fields: Fields): Promise<void> {
    const jobs = this.#jobs(fields[1])
    if (!jobs) throw notHeld()
    await jobs.extend(whole(fields[2], 'a delivery'))
  }

  #adjust(fields: Fields): void {
    const received = this.#receptions.get(whole(fields[0], 'a reception'))?.received
    received?.adjust(bounded(flowOf(fields[1]), this.#limits.waiting))
  }

  #cancel(fields: Fields): void {
    const number = whole(fields[0], 'a number')
    const index = maybe(fields[1], (index) => whole(index, 'an index'))
    if (this.#sends.cancel(number, index)) return
    this.#questions.cancel(number)
    const attached = this.#receptions.get(number)?.received
    this.#receptions.delete(number)
    if (attached) void (attached instanceof Jobs ? attached.abandon() : attached.stop())
  }

  #drain(): void {
    for (const [number, reception] of [...this.#receptions]) {
      if (!this.#outbox.open) return
      if (!(reception.received instanceof Subscription)) continue
      // Who was served goes to the end of the line.
      this.#receptions.delete(number)
      this.#receptions.set(number, reception)
      reception.received.drain()
    }
  }

  #end(number: number, error: unknown): void {
    const reception = this.#receptions.get(number)
    if (!reception) return
    this.#receptions.delete(number)
    this.#outbox.tell(['end', number, wireError(error)])
    const { received } = reception
    void (received instanceof Jobs ? received.abandon() : received.stop())
  }

  #channel(value: unknown): OpenChannel {
    const channel = this.#channels.get(whole(value, 'a channel'))
    if (!channel) throw invalid('a channel that is not open')
    return channel
  }

  #jobs(value: unknown): Jobs | undefined {
    const received = this.#receptions.get(whole(value, 'a reception'))?.received
    return received instanceof Jobs ? received : undefined
  }
}

/** Whatever the client asks for, the gateway holds only so much. */
function bounded(flow: Flow, { messages, bytes }: Limits['waiting']): Flow {
  return { ...flow, messages: Math.min(flow.messages, messages), bytes: Math.min(flow.bytes, bytes) }
}

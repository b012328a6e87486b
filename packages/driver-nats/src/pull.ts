import type { Msg } from '@nats-io/transport-node'
import type { Flow, MessagingError } from '@spanwire/driver'
import { Ear } from './ear.js'
import { channelError, forbidden } from './errors.js'
import { headText, statusOf } from './headers.js'
import type { Member, Wire } from './wire.js'

/** So often an idle consumer says that it lives, in ms. */
const BEAT_MS = 500
/** What a reception promises: the server's beat and our look at it may just miss each other. */
export const PROMISED_BEAT_MS: number = 2 * BEAT_MS
/** Looks without a sign after which a consumer is taken for gone. */
const MISSES = 3
/** Asked for at once at most, so that the server never has more in the socket than it allows one client. */
const AT_ONCE: Flow = { messages: 2_000, bytes: 4 << 20 }

/** For whom messages are pulled. */
export interface Puller {
  /** Asked for at once: in two halves, so that one is on its way while the other is read; or whole, when each request's age counts. */
  readonly requests: 1 | 2
  /** How long the server keeps a request. */
  readonly expiresMs: number
  readonly flow: Flow
  /** What is held of it. */
  readonly held: { readonly count: number; readonly bytes: number }
  /** Somebody waits for the next batch. */
  readonly isAwaited: boolean
  /** A message, asked for at that time of the monotonic clock or later. */
  hear(msg: Msg, askedAt: number): void
  /** A sign of life. */
  beat(): void
  /** Nothing more will come: the consumer is not there, it is silent, or the server does not permit it. */
  over(cause: 'gone' | 'silent' | MessagingError): void
}

/** Asks one consumer for messages, as many as there is room for, and knows how many are still to come. */
export class Pull implements Member {
  readonly #wire: Wire
  readonly #consumer: string
  readonly #puller: Puller
  readonly #inbox: string
  #ear: Ear | undefined
  #timer: NodeJS.Timeout | undefined
  /** How many of those asked for may still come. */
  coming = 0
  #askedAt = 0
  #isDue = false
  #isTooBig = false
  #isHeard = true
  #misses = 0
  #lookedAt = 0

  constructor(wire: Wire, consumer: string, puller: Puller) {
    this.#wire = wire
    this.#inbox = wire.inbox.another()
    this.#consumer = consumer
    this.#puller = puller
  }

  /** Begins to listen and to ask. */
  async start(signal: AbortSignal): Promise<void> {
    const listener = { hear: (msg: Msg) => this.#hear(msg), fail: (error: MessagingError) => this.#over(error) }
    this.#ear = await Ear.attach(this.#wire, { subjects: [this.#inbox] }, listener, signal)
    this.#wire.members.add(this)
    this.#lookedAt = performance.now()
    this.#timer = setInterval(() => this.#look(), BEAT_MS)
    this.refill()
  }

  /** There may be room. Asks once for all that becomes free in one turn. */
  refill(): void {
    if (this.#isDue || !this.#timer) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      if (this.#timer) this.#ask()
    })
  }

  /** Asks no more, and hears no more. */
  stop(): void {
    this.end()
    this.#ear?.leave()
  }

  /** Asks no more. What is on its way is still heard, for it would lie with nobody until its lease is over; resolves then. */
  async drain(): Promise<void> {
    this.end()
    const drained = this.#ear?.drain()
    // Servers of 2.9 give what comes back to a request that nobody hears any more, unless something makes them look.
    this.#wire.tell(`$JS.API.CONSUMER.INFO.${this.#consumer}`, '', this.#inbox)
    await drained
  }

  /** Asks no more, and still hears. */
  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#wire.members.delete(this)
  }

  denied(subject: string, cause: Error): void {
    if (subject === `$JS.API.CONSUMER.MSG.NEXT.${this.#consumer}`) this.#over(forbidden('pull from', subject, cause))
  }

  #ask(): void {
    const { requests, expiresMs, flow, held } = this.#puller
    const free = Math.min(Math.max(1, flow.messages), AT_ONCE.messages) - held.count - this.coming
    const bytes = Math.min(flow.bytes, AT_ONCE.bytes) - held.bytes
    const alone = this.#isTooBig
    if (free <= 0 || (this.coming > 0 && (requests === 1 || free < this.coming || alone))) return
    if (held.count > 0 && (bytes <= 0 || alone)) return
    this.#isTooBig = false
    const batch = alone ? 1 : Math.ceil(free / requests)
    if (this.coming === 0) this.#askedAt = performance.now()
    this.coming += batch
    const request = {
      batch,
      // A message above our bytes comes alone.
      ...(!alone && { max_bytes: Math.max(1, Math.floor(bytes / requests)) }),
      expires: expiresMs * 1_000_000,
      idle_heartbeat: Math.min(BEAT_MS, Math.floor(expiresMs / 2)) * 1_000_000,
    }
    this.#wire.tell(`$JS.API.CONSUMER.MSG.NEXT.${this.#consumer}`, JSON.stringify(request), this.#inbox)
    this.refill()
  }

  #hear(msg: Msg): void {
    this.#isHeard = true
    if (!msg.reply) {
      this.#heed(msg)
      return
    }
    this.coming -= 1
    this.#puller.hear(msg, this.#askedAt)
    if (this.coming <= 0 || this.#puller.requests === 2) this.refill()
  }

  /** A notice of the server about a request, or its answer to a question of ours. */
  #heed(msg: Msg): void {
    const head = headText(msg)
    const status = statusOf(head)
    if (status === 503 || /consumer deleted/i.test(head) || isRefusal(msg)) this.#over('gone')
    else if (status === 400) this.#over(channelError('invalid', `NATS refuses to be pulled from: ${head}`))
    else if (status === 100 || status === 0) this.#puller.beat()
    else this.#heedEnd(head)
  }

  /** A request is over, before it got all that it asked for. */
  #heedEnd(head: string): void {
    if (/message size exceeds/i.test(head)) this.#isTooBig = true
    const rest = /Nats-Pending-Messages: *(\d+)/i.exec(head)?.[1]
    this.coming -= rest === undefined ? this.coming : Math.min(this.coming, Number(rest))
    this.refill()
  }

  #look(): void {
    const late = performance.now() - this.#lookedAt > 1.5 * BEAT_MS
    this.#lookedAt = performance.now()
    const { isAwaited } = this.#puller
    if (this.#isHeard) this.#puller.beat()
    // Our own stall is not the server's silence, nor is it when nothing was asked.
    this.#misses = this.#isHeard || late || (this.coming === 0 && !isAwaited) ? 0 : this.#misses + 1
    this.#isHeard = false
    if (this.#misses >= MISSES) this.#over('silent')
    // There is no room to ask for messages: ask whether it lives.
    else if (this.coming === 0 && isAwaited) this.#wire.tell(`$JS.API.CONSUMER.INFO.${this.#consumer}`, '', this.#inbox)
  }

  #over(cause: 'gone' | 'silent' | MessagingError): void {
    if (!this.#timer) return
    void this.drain()
    this.#puller.over(cause)
  }
}

function isRefusal(msg: Msg): boolean {
  return msg.data.length > 0 && 'error' in JSON.parse(new TextDecoder().decode(msg.data))
}

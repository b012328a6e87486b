import type { Msg } from '@nats-io/transport-node'
import type { Flow, MessagingError } from '@spanwire/driver'
import { Ear } from './ear.js'
import { forbidden } from './errors.js'
import { type Notice, noticeOf } from './notice.js'
import type { NatsReception } from './reception.js'
import type { Wire, WireMember } from './wire.js'

/** So often an idle consumer says that it lives, in ms. */
const BEAT_MS = 500
/** What a reception promises: the server's beat and our look at it may just miss each other. */
export const PROMISED_BEAT_MS: number = 2 * BEAT_MS
/** Asked for at once at most, so that the server never has more in the socket than it allows one client. */
const AT_ONCE: Flow = { messages: 2_000, bytes: 4 << 20 }

/** Requests in a row that nobody takes, one at each look, before the consumer is taken for gone. */
const MAX_IN_VAIN = 3

/** For whom messages are pulled. */
export interface Puller {
  /** Asked for at once: in two halves, so that one is on its way while the other is read; or whole, when each request's age counts. */
  readonly requests: 1 | 2
  /** How long the server keeps a request. */
  readonly expiresMs: number
  /** A consumer that says nothing for so long is taken for gone. */
  readonly silenceMs: number
  /** A message, asked for at that time of the monotonic clock or later. */
  hear(msg: Msg, askedAt: number): void
  /** Nothing more will come: the consumer is not there or silent, or the server does not permit it. */
  over(error?: MessagingError): void
}

/** Asks one consumer for messages, as many as a reception has room for, and knows how many are still to come. */
export class Pull implements WireMember {
  /** How many of those asked for may still come. */
  coming = 0
  readonly #wire: Wire
  readonly #consumer: string
  readonly #reception: NatsReception
  readonly #puller: Puller
  readonly #inbox: string
  #ear: Ear | undefined
  #timer: NodeJS.Timeout | undefined
  #askedAt = 0
  #isDue = false
  #isTooBig = false
  #isHeard = true
  #inVain = 0
  #silentMs = 0
  #lookedAt = 0

  /** `consumer`: stream and name, joined by a dot. */
  constructor(wire: Wire, consumer: string, reception: NatsReception, puller: Puller) {
    this.#wire = wire
    this.#inbox = wire.inbox.another()
    this.#consumer = consumer
    this.#reception = reception
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

  /** Asks no more, and still hears. */
  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#wire.members.delete(this)
  }

  /** What is on its way is still heard, for it would lie with nobody until its lease is over. */
  async drain(): Promise<void> {
    this.end()
    const left = this.#ear?.leave()
    // Servers of 2.9 give what comes back to a request that nobody hears any more, unless something makes them look.
    this.#askWhetherItLives()
    await left
  }

  denied(subject: string, cause: Error): void {
    if (subject === `$JS.API.CONSUMER.MSG.NEXT.${this.#consumer}`) this.#over(forbidden('pull from', subject, cause))
  }

  #ask(): void {
    const { requests, expiresMs } = this.#puller
    const { flow, shelf, hold: held = shelf.pile } = this.#reception
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
    if (msg.reply) {
      this.coming -= 1
      this.#puller.hear(msg, this.#askedAt)
      if (this.coming <= 0 || this.#puller.requests === 2) this.refill()
      return
    }
    this.#heed(noticeOf(msg))
  }

  #heed(notice: Notice): void {
    this.#inVain = notice.at === 'nobody' ? this.#inVain + 1 : 0
    if (notice.at === 'beat') this.#reception.shelf.beat()
    else if (notice.at === 'over') {
      if (notice.isTooBig) this.#isTooBig = true
      this.coming -= Math.min(this.coming, notice.left ?? this.coming)
      this.refill()
    } else if (notice.at === 'nobody' && this.#inVain < MAX_IN_VAIN) this.coming = 0
    else this.#over(notice.at === 'refused' ? notice.error : undefined)
  }

  #look(): void {
    const now = performance.now()
    const late = now - this.#lookedAt > 1.5 * BEAT_MS
    this.#lookedAt = now
    const { isAwaited } = this.#reception.shelf
    if (this.#isHeard) this.#reception.shelf.beat()
    // Our own stall is not the server's silence, nor is it when nothing was asked.
    const isQuiet = this.#isHeard || late || (this.coming === 0 && !isAwaited)
    this.#silentMs = isQuiet ? 0 : this.#silentMs + BEAT_MS
    this.#isHeard = false
    if (this.#silentMs >= this.#puller.silenceMs) this.#over()
    // There is no room to ask for messages.
    else if (this.coming === 0 && isAwaited) this.#askWhetherItLives()
    this.refill()
  }

  #askWhetherItLives(): void {
    this.#wire.tell(`$JS.API.CONSUMER.INFO.${this.#consumer}`, '', this.#inbox)
  }

  #over(error?: MessagingError): void {
    if (!this.#timer) return
    void this.drain()
    this.#puller.over(error)
  }
}

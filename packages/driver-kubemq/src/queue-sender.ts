import { MessagingError, type Outgoing, type SendOutcome } from '@spanwire/driver'
import { DONE, failed, maybe, type Open } from '@spanwire/driver/kit'
import { fault, incapable, isRefusal, type Lost } from './errors.js'
import type { Opened } from './opened.js'
import { encoderOf } from './outlet.js'
import type { QueueMessage, QueuesUpstreamResponse, SendQueueMessageResult } from './proto/kubemq.js'
import { MAX_STREAM_BYTES, type Upstream } from './upstream.js'
import type { Wire } from './wire.js'

/** One request: so many messages, or as many as the stream takes, unless a single message is larger. */
const MAX_MESSAGES = 1_000

/** One message that waits for its turn or its result. */
interface Item {
  readonly message: QueueMessage
  readonly bytes: number
  readonly open: Open
  readonly index: number
}

/** What is sent to one queue: one request at a time, as two would mix up the order; meanwhile the next one gathers. */
export class QueueSender {
  readonly #wire: Wire
  readonly #upstream: Upstream
  readonly #make: (message: Outgoing) => Pick<Item, 'message' | 'bytes'>
  #pending: Item[] = []
  #isUnderWay = false
  #isDue = false

  constructor(opened: Opened, upstream: Upstream) {
    this.#wire = opened.wire
    this.#upstream = upstream
    this.#make = makerOf(opened)
  }

  /** Takes one message, and reports what becomes of it. */
  send(message: Outgoing, open: Open, index: number): void {
    const item = { ...this.#make(message), open, index }
    this.#pending.push(item)
    this.#wire.openBytes += item.bytes
    this.#wake()
  }

  /** One that nobody waits for is not sent, if it was not yet. */
  forget(open: Open, index: number): void {
    const at = this.#pending.findIndex((item) => item.index === index && item.open === open)
    if (at < 0) return
    for (const { bytes } of this.#pending.splice(at, 1)) this.#wire.openBytes -= bytes
    open.one(index, UNSENT)
  }

  /** What one turn of the event loop sends goes as one request. */
  #wake(): void {
    if (this.#isUnderWay || this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#next()
    })
  }

  #next(): void {
    const { over } = this.#wire
    if (over) this.#report(this.#pending.splice(0), () => failed('unsent', over))
    if (this.#pending.length === 0) return
    const items = this.#pending.splice(0, fitting(this.#pending))
    this.#isUnderWay = true
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0)
    this.#upstream.send(
      items.map((item) => item.message),
      bytes,
      (answer) => {
        this.#isUnderWay = false
        const read = outcomes(answer)
        this.#report(items, read)
        this.#next()
      },
    )
  }

  #report(items: readonly Item[], outcome: (at: number) => SendOutcome): void {
    for (const [at, { open, index, bytes }] of items.entries()) {
      this.#wire.openBytes -= bytes
      open.one(index, outcome(at))
    }
  }
}

const UNSENT = failed(
  'unsent',
  new MessagingError('canceled', 'The message was forgotten before it was sent to KubeMQ.'),
)

/** Delays and expiry are in whole seconds. A delayed message is kept under its id for all queues: it gets one that nobody else has. */
function makerOf(opened: Opened): (message: Outgoing) => Pick<Item, 'message' | 'bytes'> {
  const { wire, spec, can } = opened
  const encode = encoderOf(opened)
  return (message) => {
    const { id, delayMs = 0, ttlMs } = message
    if (delayMs > can.maxDelayMs) throw incapable(spec.name, `delay a message by ${delayMs} ms`)
    if (ttlMs !== undefined && ttlMs > can.maxDelayMs) throw incapable(spec.name, `keep a message for ${ttlMs} ms`)
    const isDelayed = delayMs > 0
    const { channel, metadata, body, tags, bytes } = encode(message, isDelayed ? id : undefined)
    const messageId = id === undefined || isDelayed ? wire.freshId() : id
    const policy =
      isDelayed || ttlMs !== undefined
        ? {
            delaySeconds: Math.ceil(delayMs / 1_000),
            expirationSeconds: ttlMs === undefined ? 0 : Math.max(1, Math.ceil(ttlMs / 1_000)),
            maxReceiveCount: 0,
            maxReceiveQueue: '',
          }
        : undefined
    const made = { messageId, clientId: wire.name, channel, metadata, body, tags, attributes: undefined, policy }
    return { message: made, bytes }
  }
}

function fitting(items: readonly Item[]): number {
  let bytes = 0
  for (let count = 0; count < Math.min(items.length, MAX_MESSAGES); count++) {
    bytes += items[count]?.bytes ?? 0
    if (bytes > MAX_STREAM_BYTES) return Math.max(1, count)
  }
  return Math.min(items.length, MAX_MESSAGES)
}

/** What an answer says of each message of its request. */
function outcomes(answer: QueuesUpstreamResponse | Lost): (at: number) => SendOutcome {
  if ('outcome' in answer) return () => answer
  const { results, isError, error } = answer
  if (isError) {
    const same = said(error)
    return () => same
  }
  const none = failed('unknown', maybe('KubeMQ did not say what became of the message.', 'message'))
  return (at) => result(results[at]) ?? none
}

function result(one: SendQueueMessageResult | undefined): SendOutcome | undefined {
  return one && (one.isError ? said(one.error) : DONE)
}

function said(text: string): SendOutcome {
  const error = fault('Sending to a queue', text)
  return isRefusal(text) ? failed('refused', error) : failed('unknown', maybe(error.message, 'channel', error))
}

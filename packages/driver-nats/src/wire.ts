import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node'
import { type Body, MessagingError } from '@spanwire/driver'
import { aborted, forbidden, linkError } from './errors.js'
import { type Flushed, Flushes } from './flushes.js'
import { Inbox } from './inbox.js'

/** Bytes written and not yet known to be read by the server. Beyond, sends are refused: a server that hangs must not eat our memory. */
const MAX_UNREAD = 64 * 1024 * 1024
/** So often a round trip tells how much the server has read. */
const ASK_EVERY = 4 * 1024 * 1024
/** Of a message on the wire, beside its body. */
const OVERHEAD = 100

/** Who hears of the link's end, before the link says so to others. */
export interface Member {
  end(error: MessagingError): void
  /** The link is about to be closed: gives back what is not its own. */
  leave?(): void
  /** A subject on which it publishes unasked is not permitted. */
  denied?(subject: string, cause: Error): void
}

/** One connection of nats.js, whose end settles everything that waits on it. */
export class Wire {
  readonly nc: NatsConnection
  readonly endpoint: string
  readonly inbox: Inbox
  /** Why nothing can be said any more. */
  over: MessagingError | undefined
  readonly members: Set<Member> = new Set()
  /** Subjects whose publishing was not permitted, until every flush that could be judged by them is over. */
  readonly denied: Map<string, MessagingError> = new Map()
  readonly #flushes: Flushes
  #written = 0
  #read = 0
  #asked = 0

  constructor(nc: NatsConnection, endpoint: string, inboxPrefix: string) {
    this.nc = nc
    this.endpoint = endpoint
    this.inbox = new Inbox(nc, inboxPrefix)
    this.#flushes = new Flushes(nc)
  }

  /** Changes with each message and each answered flush. */
  get heard(): number {
    return this.nc.stats().inMsgs + this.#flushes.answered
  }

  /** Why nothing may be written now; undefined: go on. */
  get shut(): MessagingError | undefined {
    if (this.over || this.#written - this.#read < MAX_UNREAD) return this.over
    return linkError('overloaded', `NATS at ${this.endpoint} does not read: ${MAX_UNREAD} bytes wait for it.`)
  }

  /** Throws if not a byte was written. */
  publish(subject: string, body: Body, reply = '', headers?: MsgHdrs): void {
    const payload = typeof body === 'string' ? Buffer.from(body) : body
    try {
      this.nc.publish(subject, payload, headers ? { reply, headers } : { reply })
    } catch (cause) {
      if (this.nc.isClosed())
        throw this.over ?? linkError('unavailable', 'The connection to NATS has just ended.', { cause })
      throw new MessagingError('too-large', `NATS does not take a message to ${subject}: ${String(cause)}`, { cause })
    }
    this.#written += payload.length + OVERHEAD
    if (this.#written - this.#asked > ASK_EVERY) this.flushed(() => undefined)
  }

  /** Publishes what nobody waits for. */
  tell(subject: string, text: string, reply?: string): void {
    if (!this.nc.isClosed()) this.publish(subject, text, reply)
  }

  /** Calls back when the server has read all that was published until now, and what it complained of was heard. */
  flushed(then: Flushed): void {
    const written = this.#written
    this.#asked = written
    this.#flushes.add((error) => {
      this.#read = Math.max(this.#read, written)
      then(error)
      if (this.#flushes.isIdle) this.denied.clear()
    })
  }

  /** The same as a promise. */
  written(): Promise<void> {
    return this.#flushes.promise()
  }

  /** One round trip, as a promise that obeys a signal. */
  roundTrip(signal: AbortSignal, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.over || signal.aborted) return reject(this.over ?? aborted(signal, what))
      const leave = (): void => signal.removeEventListener('abort', onAbort)
      const onAbort = (): void => {
        leave()
        reject(aborted(signal, what))
      }
      signal.addEventListener('abort', onAbort)
      this.flushed((error) => {
        leave()
        if (error) reject(this.over)
        else resolve()
      })
    })
  }

  subscribe(subject: string, queue: string | undefined, hear: (error: Error | null, msg: Msg) => void): Subscription {
    return this.nc.subscribe(subject, { ...(queue && { queue }), callback: hear })
  }

  /** The server did not permit to publish there. */
  deny(subject: string, cause: Error): void {
    const error = forbidden('publish to', subject, cause)
    this.denied.set(subject, error)
    for (const member of [...this.members]) member.denied?.(subject, cause)
    this.inbox.refuse(subject, error)
  }

  /** Everything that waits hears of it, in this turn. `lost`: of what was under way. */
  end(error: MessagingError, lost: MessagingError): void {
    if (this.over) return
    this.over = error
    this.inbox.end(lost)
    this.#flushes.end(lost)
    for (const member of [...this.members]) member.end(error)
    this.members.clear()
  }
}

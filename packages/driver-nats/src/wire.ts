import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { type Body, MessagingError } from '@spanwire/driver'
import { linkError, type Member, obeying } from '@spanwire/driver/kit'
import { aborted, forbidden } from './errors.js'
import { Inbox } from './inbox.js'

/** Bytes written and not yet known to be read by the server. Beyond, sends are refused: a server that hangs must not eat our memory. */
const MAX_UNREAD = 64 * 1024 * 1024
/** So often a round trip tells how much the server has read. */
const ASK_EVERY = 4 * 1024 * 1024
/** Of a message on the wire, beside its body. */
const OVERHEAD = 100

/** Who hears of the connection. */
export interface WireMember extends Member {
  /** A subject on which it publishes unasked is not permitted. */
  denied?(subject: string, cause: Error): void
}

/** Subjects whose publishing was not permitted. */
export type Denied = ReadonlyMap<string, MessagingError>

/** A round trip under way. */
interface Trip {
  readonly denied: Map<string, MessagingError>
  readonly fail: (error: MessagingError) => void
}

/** One connection of nats.js, whose end settles everything that waits on it. */
export class Wire {
  readonly nc: NatsConnection
  readonly endpoint: string
  readonly inbox: Inbox
  /** Why nothing can be said any more. */
  over: MessagingError | undefined
  readonly members: Set<WireMember> = new Set()
  readonly #trips = new Set<Trip>()
  #next: Promise<Denied> | undefined
  #answered = 0
  #written = 0
  #read = 0
  #asked = 0

  constructor(nc: NatsConnection, endpoint: string, inboxPrefix: string) {
    this.nc = nc
    this.endpoint = endpoint
    this.inbox = new Inbox(nc, inboxPrefix)
  }

  /** Changes with each message and each answered round trip. */
  get heard(): number {
    return this.nc.stats().inMsgs + this.#answered
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
    if (this.#written - this.#asked > ASK_EVERY) this.read().catch(() => undefined)
  }

  /** Publishes what nobody waits for. */
  tell(subject: string, text: string, reply?: string): void {
    if (!this.nc.isClosed()) this.publish(subject, text, reply)
  }

  /** Resolves when the server has read all that was published until now, with what it did not permit. One for all who ask in one turn. */
  read(): Promise<Denied> {
    this.#asked = this.#written
    this.#next ??= new Promise((resolve, reject) => {
      if (this.over) return reject(this.over)
      const trip: Trip = { denied: new Map(), fail: reject }
      this.#trips.add(trip)
      queueMicrotask(() => this.#flush(trip, resolve))
    })
    return this.#next
  }

  /** One round trip, as a promise that obeys a signal. */
  async roundTrip(signal: AbortSignal, what: string): Promise<void> {
    if (this.over) throw this.over
    await obeying(
      signal,
      () => aborted(signal, what),
      this.read().catch(() => Promise.reject(this.over)),
    )
  }

  /** The server did not permit to publish there. */
  deny(subject: string, cause: Error): void {
    const error = forbidden('publish to', subject, cause)
    for (const { denied } of this.#trips) denied.set(subject, error)
    for (const member of [...this.members]) member.denied?.(subject, cause)
    this.inbox.refuse(subject, error)
  }

  /** Everything that waits hears of it, in this turn. `lost`: of what was under way. */
  end(error: MessagingError, lost: MessagingError): void {
    if (this.over) return
    this.over = error
    this.inbox.end(lost)
    for (const { fail } of this.#trips) fail(lost)
    this.#trips.clear()
    for (const member of [...this.members]) member.end(error, lost)
    this.members.clear()
  }

  #flush(trip: Trip, resolve: (denied: Denied) => void): void {
    const written = this.#written
    this.#next = undefined
    const answered = (): void => {
      if (!this.#trips.delete(trip)) return
      this.#answered += 1
      this.#read = Math.max(this.#read, written)
      resolve(trip.denied)
    }
    // A complaint comes before the answer, but nats.js tells of it in a later microtask. After the end it never settles, or rejects.
    this.nc.flush().then(
      () => setImmediate(answered),
      () => undefined,
    )
  }
}

import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node'
import type { Body, MessagingError, SendOutcome } from '@spanwire/driver'
import { aborted, forbidden, linkError } from './errors.js'

/** Bytes written and not yet known to be read by the server. Beyond, sends are refused: a server that hangs must not eat our memory. */
const MAX_UNREAD = 64 * 1024 * 1024
/** So often a round trip tells how much the server has read. */
const ASK_EVERY = 4 * 1024 * 1024

/** Who waits for one answer on the link's inbox. */
export interface Waiter {
  /** What was asked: a violated permission names it. */
  readonly subject: string
  answer(msg: Msg): void
  fail(outcome: 'refused' | 'unknown', error: MessagingError): void
}

/** Who hears of the link's end, before the link says so to others. */
export interface Member {
  end(error: MessagingError): void
  /** The link is about to be closed: gives back what is not its own. */
  leave?(): void
  /** A subject on which it publishes unasked is not permitted. */
  denied?(subject: string, cause: Error): void
}

/** One connection of nats.js: an inbox for all answers, flushes shared by a tick, and an end that settles everything. */
export class Wire {
  readonly nc: NatsConnection
  readonly endpoint: string
  /** Why nothing can be said any more. */
  over: MessagingError | undefined
  readonly members: Set<Member> = new Set()
  /** Subjects whose publishing was not permitted, until every flush that could be judged by them is over. */
  readonly denied: Map<string, MessagingError> = new Map()
  readonly #inbox = `${createInbox()}.`
  readonly #waiters = new Map<number, Waiter>()
  #token = 0
  #flushing: ((error?: MessagingError) => void)[] = []
  readonly #flushes = new Set<(error?: MessagingError) => void>()
  #written = 0
  #read = 0
  #asked = 0
  #answered = 0

  constructor(nc: NatsConnection, endpoint: string) {
    this.nc = nc
    this.endpoint = endpoint
    nc.subscribe(`${this.#inbox}*`, { callback: (error, msg) => this.#hear(error, msg) })
  }

  /** Publishes `count` messages' worth of numbers for answers; the first of them. */
  tokens(count: number): number {
    const first = this.#token
    this.#token += count
    return first
  }

  /** The reply subject under which the waiter hears. */
  await(token: number, waiter: Waiter): string {
    this.#waiters.set(token, waiter)
    return this.#inbox + token
  }

  /** True if somebody still waited. */
  forget(token: number): boolean {
    return this.#waiters.delete(token)
  }

  /** Changes with each message and each answered flush. */
  get heard(): number {
    return this.nc.stats().inMsgs + this.#answered
  }

  /** Why nothing may be written now; undefined: go on. */
  get closedTo(): MessagingError | undefined {
    if (this.over || this.#written - this.#read < MAX_UNREAD) return this.over
    return linkError('overloaded', `NATS at ${this.endpoint} does not read: ${MAX_UNREAD} bytes wait for it.`)
  }

  /** Throws only for what nats.js refuses itself, before a byte was written. */
  publish(subject: string, body: Body, reply?: string, headers?: MsgHdrs): void {
    const payload = typeof body === 'string' ? Buffer.from(body) : body
    this.nc.publish(subject, payload, { ...(reply && { reply }), ...(headers && { headers }) })
    this.#written += payload.length + 100
    if (this.#written - this.#asked > ASK_EVERY) this.flushed(() => undefined)
  }

  /**
   * Calls back when the server has read all that was published until now, and what it complained of was heard: once, with an error
   * if the link ended first. One round trip for all who ask in one tick.
   */
  flushed(then: (error?: MessagingError) => void): void {
    this.#asked = this.#written
    this.#flushing.push(then)
    if (this.#flushing.length === 1) queueMicrotask(() => this.#flush())
  }

  /** The same as a promise. */
  written(): Promise<void> {
    return new Promise((resolve, reject) => this.flushed((error) => (error ? reject(error) : resolve())))
  }

  /** One round trip, as a promise that obeys a signal. */
  roundTrip(signal: AbortSignal, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.over) return reject(this.over)
      if (signal.aborted) return reject(aborted(signal, what))
      const leave = (): void => signal.removeEventListener('abort', onAbort)
      const onAbort = (): void => {
        leave()
        reject(aborted(signal, what))
      }
      signal.addEventListener('abort', onAbort)
      this.flushed((error) => {
        leave()
        if (error) reject(error)
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
    for (const [token, waiter] of this.#waiters) {
      if (waiter.subject !== subject) continue
      this.#waiters.delete(token)
      waiter.fail('refused', error)
    }
  }

  /** Everything that waits hears of it, in this turn. */
  end(error: MessagingError, lost: MessagingError): void {
    if (this.over) return
    this.over = error
    for (const waiter of this.#waiters.values()) waiter.fail('unknown', lost)
    this.#waiters.clear()
    for (const then of [...this.#flushes, ...this.#flushing.splice(0)]) then(lost)
    this.#flushes.clear()
    for (const member of [...this.members]) member.end(error)
    this.members.clear()
  }

  #hear(error: Error | null, msg: Msg): void {
    if (error) return
    const token = Number(msg.subject.slice(this.#inbox.length))
    const waiter = this.#waiters.get(token)
    if (waiter === undefined) return
    this.#waiters.delete(token)
    waiter.answer(msg)
  }

  #flush(): void {
    const all = this.#flushing
    this.#flushing = []
    if (this.over) return
    const written = this.#written
    const then = (error?: MessagingError): void => {
      if (!this.#flushes.delete(then)) return
      this.#answered += 1
      this.#read = Math.max(this.#read, written)
      for (const one of all) one(error)
      if (this.#flushes.size === 0) this.denied.clear()
    }
    this.#flushes.add(then)
    // A complaint comes before the answer, but nats.js tells of it in a later microtask.
    this.nc.flush().then(
      () => setImmediate(then),
      () => undefined,
    )
  }
}

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

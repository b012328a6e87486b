import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node'
import type { MessagingError } from '@spanwire/driver'
import { forbidden } from './errors.js'

/** Who waits for one answer. */
export interface Waiter {
  /** What was asked: a violated permission names it. */
  readonly subject: string
  answer(msg: Msg): void
  fail(outcome: 'refused' | 'unknown', error: MessagingError): void
}

/** One subscription for all answers. Who asks holds a number; what nobody waits for any more is dropped. */
export class Inbox {
  readonly #begin: string
  readonly #prefix: string
  readonly #waiters = new Map<number, Waiter>()
  #next = 0
  #deaf: MessagingError | undefined

  constructor(nc: NatsConnection, prefix: string) {
    this.#begin = prefix
    this.#prefix = `${createInbox(prefix)}.`
    const subject = `${this.#prefix}*`
    nc.subscribe(subject, {
      callback: (cause, msg) => {
        if (!cause) return this.#hear(msg)
        this.#deaf = forbidden('subscribe to', subject, cause)
        this.end(this.#deaf)
      },
    })
  }

  /** A subject for a subscription of one's own. */
  another(): string {
    return createInbox(this.#begin)
  }

  /** The first of `count` numbers that nobody has. */
  numbers(count: number): number {
    const first = this.#next
    this.#next += count
    return first
  }

  /** The reply subject of that number. Throws where no answer could come. */
  address(number: number): string {
    if (this.#deaf) throw this.#deaf
    return this.#prefix + number
  }

  /** Hears what comes there, from now on and once. */
  await(number: number, waiter: Waiter): void {
    this.#waiters.set(number, waiter)
  }

  forget(number: number): void {
    this.#waiters.delete(number)
  }

  /** Asks with a reply subject of its own. Rejects if it was not permitted, with what `write` throws, or when the link ends. */
  ask(subject: string, write: (reply: string) => void, number: number = this.numbers(1)): Promise<Msg> {
    return new Promise((resolve, reject) => {
      write(this.address(number))
      this.await(number, { subject, answer: resolve, fail: (_, error) => reject(error) })
    })
  }

  /** Nothing that was asked there was taken. */
  refuse(subject: string, error: MessagingError): void {
    for (const [number, waiter] of this.#waiters) {
      if (waiter.subject !== subject) continue
      this.#waiters.delete(number)
      waiter.fail('refused', error)
    }
  }

  /** Nobody will hear an answer. */
  end(error: MessagingError): void {
    const all = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const waiter of all) waiter.fail('unknown', error)
  }

  #hear(msg: Msg): void {
    const number = Number(msg.subject.slice(this.#prefix.length))
    const waiter = this.#waiters.get(number)
    this.#waiters.delete(number)
    waiter?.answer(msg)
  }
}

import type { Answer, Body, Delivery, Headers } from '@spanwire/driver'
import type { Item } from './agenda.js'
import { keep } from './entry.js'
import { incapable, invalid, notHeld } from './errors.js'
import type { Job } from './job.js'
import type { Taking } from './taking.js'

const SETTLED: Promise<void> = Promise.resolve()

/** A job while it is with a consumer: the delivery of a queue, a group or an rpc channel. */
export class Claim implements Delivery, Item {
  /** When the lease ends. */
  due: number = Number.POSITIVE_INFINITY
  slot = -1
  readonly path: string
  readonly id: string | undefined
  readonly body: Body
  readonly attempt: number
  readonly job: Job
  readonly #taking: Taking
  #state: 'ours' | 'settled' | 'lost' = 'ours'

  constructor(job: Job, taking: Taking) {
    this.job = job
    this.#taking = taking
    this.path = job.entry.path
    this.id = job.entry.id
    this.body = job.entry.body
    this.attempt = taking.can.counts ? job.attempts : 1
  }

  get timeMs(): number {
    return this.job.entry.timeMs
  }

  get held(): boolean {
    return this.#state === 'ours' && this.job.desk.gate.now() < this.due
  }

  headers(): Headers {
    return this.job.entry.headers()
  }

  position(): undefined {
    return undefined
  }

  settle(how: 'ack' | { readonly retryMs: number } | Answer): Promise<void> {
    if (!this.held) return Promise.reject(notHeld())
    const wrong = this.#misfit(how)
    if (wrong !== undefined) return Promise.reject(wrong)
    this.#state = 'settled'
    const desk = this.job.desk
    const kept = typeof how === 'object' && 'body' in how ? { ...how, body: keep(how.body) } : how
    if (!desk.gate.isOpen) {
      this.#taking.forget(this)
      return this.#taking.later(
        () => desk.settle(this, kept),
        () => desk.giveBack(this),
      )
    }
    desk.settle(this, kept)
    this.#taking.forget(this)
    return SETTLED
  }

  extend(): Promise<void> {
    if (!this.#taking.can.extends) return Promise.reject(incapable(this.#taking.channel, 'extend a delivery'))
    if (!this.held) return Promise.reject(notHeld())
    const desk = this.job.desk
    if (desk.gate.isOpen) {
      desk.lease(this)
      return SETTLED
    }
    return this.#taking.later(() => {
      if (this.#state !== 'ours') throw notHeld()
      desk.lease(this)
    })
  }

  /** Not ours any more: comes again, to whomever. */
  lose(): void {
    if (this.#state !== 'ours') return
    this.#state = 'lost'
    this.job.desk.giveBack(this)
  }

  /** The lease ended. */
  fire(): void {
    this.lose()
    this.#taking.forget(this)
  }

  #misfit(how: 'ack' | { readonly retryMs: number } | Answer): Error | undefined {
    const { settles } = this.job.desk.kind
    if (settles === 'answer') {
      return typeof how === 'object' && 'body' in how ? undefined : invalid('a request is settled with an answer')
    }
    if (how === 'ack') return undefined
    if (!('retryMs' in how)) return invalid('only a request is settled with an answer')
    return this.#taking.can.retries ? undefined : incapable(this.#taking.channel, 'retry a delivery')
  }
}

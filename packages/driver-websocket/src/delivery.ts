import { type Answer, type Body, type Delivery, type Headers, MessagingError } from '@spanwire/driver'
import type { Slot } from './frame.js'
import type { GatewayReception } from './reception.js'

/** A delivery as it travels; what is absent at the end is left out, in between it is null. */
export type Tuple = readonly [
  path: string,
  id: string | null,
  timeMs: number | null,
  body: Slot,
  headers?: Headers | null,
  offset?: string | null,
  attempt?: number | null,
]

export class GatewayDelivery implements Delivery {
  readonly number: number
  readonly path: string
  readonly id: string | undefined
  readonly body: Body
  readonly #reception: GatewayReception
  readonly #tuple: Tuple
  /** Until when it is ours, on the monotonic clock; 0: no more. */
  #until: number

  constructor(reception: GatewayReception, number: number, tuple: Tuple, body: Body) {
    this.number = number
    this.path = tuple[0]
    this.id = tuple[1] ?? undefined
    this.body = body
    this.#reception = reception
    this.#tuple = tuple
    this.#until = reception.settled ? performance.now() + reception.leaseMs : 0
  }

  get timeMs(): number | undefined {
    return this.#tuple[2] ?? undefined
  }

  get attempt(): number {
    return this.#tuple[6] ?? 1
  }

  get held(): boolean {
    return this.#until > performance.now()
  }

  headers(): Headers {
    return this.#tuple[4] ?? []
  }

  position(): string | undefined {
    const offset = this.#tuple[5]
    return offset == null ? undefined : `${this.#reception.talk.epoch}|${offset}`
  }

  settle(how: 'ack' | { readonly retryMs: number } | Answer): Promise<void> {
    if (!this.held) return Promise.reject(notHeld())
    this.lose()
    if (how === 'ack') return this.#ask('settle', 'ack')
    if ('retryMs' in how) return this.#ask('settle', 'retry', how.retryMs)
    const { body, error = null, headers } = how
    return this.#ask('settle', 'answer', this.#reception.talk.frame.slot(body), error, headers)
  }

  async extend(): Promise<void> {
    if (!this.held) throw notHeld()
    const from = performance.now()
    await this.#ask('extend')
    if (this.#until) this.#until = from + this.#reception.leaseMs
  }

  lose(): void {
    this.#until = 0
    this.#reception.open.delete(this.number)
  }

  async #ask(name: string, ...fields: readonly unknown[]): Promise<void> {
    const { talk, number } = this.#reception
    try {
      await talk.call(name, [number, this.number, ...fields])[1]
    } catch (error) {
      if (error !== talk.over) throw error
      throw new MessagingError('outcome-unknown', `${talk.over?.message} Whether it was settled is not known.`, {
        cause: error,
      })
    }
  }
}

function notHeld(): MessagingError {
  return new MessagingError('conflict', 'The delivery is not ours any more: settled, given back, or its lease is over.')
}

import type { Delivery, Headers } from '@spanwire/driver'
import { type Hold, notHeld, type Settlement } from '@spanwire/driver/kit'
import { decodeHeaders, idIn, type Tags } from './tags.js'
import type { Transaction } from './transaction.js'

/** What all deliveries of a reception have in common. */
export interface Origin {
  /** The server's run, within which sequences of a log are valid. Absent: there are no positions. */
  readonly epoch: string | undefined
  /** Who keeps book of those that are to be settled. */
  readonly hold: Hold<KubemqDelivery> | undefined
}

/** What a message of any kind has at KubeMQ. */
export interface Received {
  readonly path: string
  /** KubeMQ's field for it. */
  readonly id: string
  readonly body: Uint8Array
  readonly metadata: string
  readonly tags: Tags
  /** Unix nanoseconds; 0: the server set none. */
  readonly timeNs: bigint
  /** Place in its channel; 0: it has none. */
  readonly sequence: bigint
  readonly attempt: number
  /** The answer of a queue that it came with, which settles it. */
  readonly transaction?: Transaction
}

/** A message of KubeMQ. Its tags are made headers when somebody asks. */
export class KubemqDelivery implements Delivery {
  readonly path: string
  readonly body: Uint8Array
  readonly received: Received
  readonly #origin: Origin

  constructor(origin: Origin, received: Received) {
    this.path = received.path
    this.body = received.body
    this.received = received
    this.#origin = origin
  }

  get id(): string | undefined {
    return idIn(this.received.id, this.received.tags)
  }

  get timeMs(): number | undefined {
    const { timeNs } = this.received
    return timeNs === 0n ? undefined : Number(timeNs / 1_000_000n)
  }

  get attempt(): number {
    return this.received.attempt
  }

  get held(): boolean {
    return this.#origin.hold?.has(this) ?? false
  }

  headers(): Headers {
    return decodeHeaders(this.received.tags, this.received.metadata)
  }

  position(): string | undefined {
    const { epoch } = this.#origin
    return epoch && `${epoch}|${this.received.sequence}`
  }

  settle(how: Settlement): Promise<void> {
    return this.#origin.hold?.settle(this, how) ?? Promise.reject(notHeld())
  }

  extend(): Promise<void> {
    return this.#origin.hold?.extend(this) ?? Promise.reject(notHeld())
  }
}

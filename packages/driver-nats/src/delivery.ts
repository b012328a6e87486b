import type { Msg } from '@nats-io/transport-node'
import type { Delivery, Headers } from '@spanwire/driver'
import { type Hold, notHeld, type Settlement } from '@spanwire/driver/kit'
import type { AckInfo } from './ack.js'
import { decodeHeaders, headText, idOf } from './headers.js'

/** What all deliveries of a reception have in common. */
export interface Origin {
  /** Characters of the subject before the path. */
  readonly prefix: number
  /** When the stream was created: the epoch of its log. Absent: nothing is stored. */
  readonly epoch: string | undefined
  /** Who keeps book of those that are to be settled. */
  readonly hold: Hold<NatsDelivery> | undefined
}

/** A message of nats.js. Its header block is looked at when somebody asks. */
export class NatsDelivery implements Delivery {
  readonly body: Uint8Array
  readonly msg: Msg
  readonly #origin: Origin
  readonly #ack: AckInfo | undefined
  #path: string | undefined
  #head: string | undefined

  constructor(origin: Origin, msg: Msg, ack?: AckInfo) {
    this.body = msg.data
    this.msg = msg
    this.#origin = origin
    this.#ack = ack
  }

  get path(): string {
    this.#path ??= this.msg.subject.slice(this.#origin.prefix)
    return this.#path
  }

  get id(): string | undefined {
    return idOf(this.#headText())
  }

  get timeMs(): number | undefined {
    return this.#ack?.timeMs
  }

  get attempt(): number {
    return this.#ack?.delivered ?? 1
  }

  get held(): boolean {
    return this.#origin.hold?.has(this) ?? false
  }

  headers(): Headers {
    return decodeHeaders(this.#headText())
  }

  position(): string | undefined {
    const { epoch } = this.#origin
    return epoch && this.#ack && `${epoch}|${this.#ack.streamSeq}`
  }

  settle(how: Settlement): Promise<void> {
    return this.#origin.hold?.settle(this, how) ?? Promise.reject(notHeld())
  }

  extend(): Promise<void> {
    return this.#origin.hold?.extend(this) ?? Promise.reject(notHeld())
  }

  #headText(): string {
    this.#head ??= headText(this.msg)
    return this.#head
  }
}

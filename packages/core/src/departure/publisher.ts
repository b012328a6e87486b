import { makePublisher } from '../arrival/identity.js'
import { Moment } from '../runtime/moment.js'
import type { Runtime } from '../runtime/runtime.js'

/** Who this client instance is to all others, from its first hand-over on (R2), and the stamps it gives (R5). */
export class Publisher {
  readonly nonce: string
  readonly moment: Moment
  #id: string | undefined
  #lanes = 0
  #last = 0

  constructor(runtime: Runtime) {
    this.moment = new Moment(runtime)
    this.nonce = makePublisher(runtime.bytes(12))
  }

  /** A new source: publisher and the next lane number. `bound`: what a link that binds publishers to their subject accepts; the first hand-over decides. */
  source(bound: string | undefined): string {
    this.#id ??= bound ?? this.nonce
    this.#lanes += 1
    return `${this.#id}-${this.#lanes}`
  }

  /** Unix ms, never backwards. */
  stamp(): number {
    this.#last = Math.max(this.#last, Math.round(this.moment.clocks.wallMs))
    return this.#last
  }
}

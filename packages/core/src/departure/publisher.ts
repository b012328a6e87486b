import { makePublisher, suffixOf } from '../arrival/identity.js'
import { Moment } from '../runtime/moment.js'
import type { Runtime } from '../runtime/runtime.js'

/** Who this client instance is to all others, from its first hand-over on (R2), and the stamps it gives (R5). */
export class Publisher {
  readonly nonce: string
  readonly moment: Moment
  #id: string | undefined
  #lanes = 0
  #lastMs = 0
  #suffix = ''

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
    const wallMs = Math.round(this.moment.clocks.wallMs)
    if (wallMs > this.#lastMs) {
      this.#lastMs = wallMs
      this.#suffix = suffixOf(wallMs)
    }
    return this.#lastMs
  }

  /** What an id given now ends with: one text for all of the same millisecond. */
  suffix(): string {
    this.stamp()
    return this.#suffix
  }
}

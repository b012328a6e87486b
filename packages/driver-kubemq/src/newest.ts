import type { Flow } from '@spanwire/driver'
import type { KubemqDelivery } from './delivery.js'

/**
 * The newest of each path of what is stored, held until the last one has been read: the store keeps no such thing. It holds as much
 * as may lie unpulled; what is more is given as it comes, older ones of a path included.
 */
export class Newest {
  readonly #last: bigint
  readonly #bound: Flow
  /** In the order of the log. */
  readonly #held = new Map<string, KubemqDelivery>()
  #bytes = 0
  #at: 'reading' | 'there' | 'over' = 'reading'

  /** `last`: the sequence of what was stored last. */
  constructor(last: bigint, bound: Flow) {
    this.#last = last
    this.#bound = bound
  }

  /** It is of what was stored. */
  wants(sequence: bigint): boolean {
    return sequence <= this.#last
  }

  put(delivery: KubemqDelivery): void {
    const { path } = delivery
    const before = this.#held.get(path)
    this.#bytes += delivery.body.length - (before?.body.length ?? 0)
    this.#held.delete(path)
    this.#held.set(path, delivery)
  }

  /** What is to be given now that so much has been read. */
  ripe(sequence: bigint): readonly KubemqDelivery[] {
    if (this.#at !== 'reading') return []
    if (sequence >= this.#last) this.#at = 'there'
    else if (this.#held.size <= this.#bound.messages && this.#bytes <= this.#bound.bytes) return []
    const all = [...this.#held.values()]
    this.#held.clear()
    this.#bytes = 0
    return all
  }

  /** True once, when all that was stored has been given. */
  get isOver(): boolean {
    const isThere = this.#at === 'there'
    if (isThere) this.#at = 'over'
    return isThere
  }
}

import { type Encoded, type Piece, piecesFrom } from './encoded.js'
import type { Bound } from './waiting.js'

/**
 * The newest of every path that came through a shared reception, oldest first, so that who joins later starts with the
 * same as the first one got. References only: the messages themselves are shared with all who wait for them.
 */
export class Held {
  readonly #bound: Bound
  readonly #items = new Map<string, Encoded>()
  #bytes = 0
  #caughtUp = false
  /** What a newcomer gets, until the next message. */
  #snapshot: readonly Piece[] | undefined

  constructor(bound: Bound) {
    this.#bound = bound
  }

  /** False when it is above its bound: then it is not the newest of every path any more. */
  take({ items, caughtUp }: Piece): boolean {
    this.#snapshot = undefined
    this.#caughtUp ||= caughtUp
    for (const item of items) {
      this.#bytes += item.bytes - (this.#items.get(item.path)?.bytes ?? 0)
      // To the end, so that positions rise.
      this.#items.delete(item.path)
      this.#items.set(item.path, item)
    }
    return this.#items.size <= this.#bound.messages && this.#bytes <= this.#bound.bytes
  }

  snapshot(): readonly Piece[] {
    this.#snapshot ??= piecesFrom([...this.#items.values()], { caughtUp: this.#caughtUp })
    return this.#snapshot
  }
}

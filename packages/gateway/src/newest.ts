import { type Encoded, PIECE_BYTES, Piece } from './encoded.js'
import { Losses } from './losses.js'
import type { Bound, Fits, Waiting } from './waiting.js'

/** Conflation: only the newest of a path waits, and what it replaces is no loss. */
export class Newest implements Waiting {
  readonly #losses = new Losses()
  readonly #items = new Map<string, Encoded>()
  #bound: Bound
  #bytes = 0

  constructor(bound: Bound) {
    this.#bound = bound
  }

  get empty(): boolean {
    return this.#items.size === 0 && this.#losses.none
  }

  overflows(): boolean {
    return false
  }

  push(piece: Piece): void {
    this.#losses.add(piece.lost)
    if (piece.caughtUp) this.#losses.caughtUp()
    for (const item of piece.items) {
      this.#remove(item.path)
      this.#items.set(item.path, item)
      this.#bytes += item.bytes
    }
    while (this.#items.size > this.#bound.messages || (this.#bytes > this.#bound.bytes && this.#items.size > 1)) {
      this.#removeOldest()
    }
  }

  take(fits: Fits): Piece | undefined {
    const items: Encoded[] = []
    let bytes = 0
    for (const item of this.#items.values()) {
      if (!fits(items.length + 1, bytes + item.bytes) || (bytes > 0 && bytes + item.bytes > PIECE_BYTES)) break
      items.push(item)
      bytes += item.bytes
    }
    for (const item of items) this.#remove(item.path)
    if (items.length > 0) return new Piece(items)
    return this.#items.size === 0 ? this.#losses.take() : undefined
  }

  resize(bound: Bound): void {
    this.#bound = bound
  }

  #remove(path: string): void {
    this.#bytes -= this.#items.get(path)?.bytes ?? 0
    this.#items.delete(path)
  }

  #removeOldest(): void {
    const [oldest] = this.#items.keys()
    if (oldest === undefined) return
    this.#remove(oldest)
    this.#losses.add({ reason: 'slow', count: 1 })
  }
}

import { type Encoded, PIECE_BYTES, Piece } from './encoded.js'
import { Losses } from './losses.js'
import type { Bound, Fits, Waiting } from './waiting.js'

const ONE_SLOW = { reason: 'slow', count: 1 } as const

/** Only the newest of a path waits. What it replaces is a loss where it is `counted`, and none when conflating. */
export class Newest implements Waiting {
  readonly #losses = new Losses()
  readonly #items = new Map<string, Encoded>()
  readonly #bound: Bound
  readonly #replaced: 'counted' | 'conflated'
  #bytes = 0
  #caughtUp = false

  constructor(bound: Bound, replaced: 'counted' | 'conflated' = 'conflated') {
    this.#bound = bound
    this.#replaced = replaced
  }

  get empty(): boolean {
    return this.#items.size === 0 && this.#losses.none && !this.#caughtUp
  }

  overflows(): boolean {
    return false
  }

  push(piece: Piece): void {
    this.#losses.add(piece.lost)
    this.#caughtUp ||= piece.caughtUp
    for (const item of piece.items) {
      if (this.#replaced === 'counted' && this.#items.has(item.path)) this.#losses.add(ONE_SLOW)
      this.#remove(item.path)
      this.#items.set(item.path, item)
      this.#bytes += item.bytes
    }
    while (this.#items.size > this.#bound.messages || (this.#bytes > this.#bound.bytes && this.#items.size > 1)) {
      this.#removeOldest()
    }
  }

  take(fits: Fits): Piece | undefined {
    const told = this.#losses.take()
    if (told) return told
    const items: Encoded[] = []
    let bytes = 0
    for (const item of this.#items.values()) {
      if (!fits(items.length + 1, bytes + item.bytes) || (bytes > 0 && bytes + item.bytes > PIECE_BYTES)) break
      items.push(item)
      bytes += item.bytes
    }
    for (const item of items) this.#remove(item.path)
    const caughtUp = this.#items.size === 0 && this.#caughtUp
    if (caughtUp) this.#caughtUp = false
    return items.length > 0 || caughtUp ? new Piece(items, undefined, caughtUp) : undefined
  }

  #remove(path: string): void {
    this.#bytes -= this.#items.get(path)?.bytes ?? 0
    this.#items.delete(path)
  }

  #removeOldest(): void {
    const [oldest] = this.#items.keys()
    if (oldest === undefined) return
    this.#remove(oldest)
    this.#losses.add(ONE_SLOW)
  }
}

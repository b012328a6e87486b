import { type Encoded, Piece } from './encoded.js'
import { Losses } from './losses.js'
import type { Bound, Fits, Waiting } from './waiting.js'

const ONE_SLOW = { reason: 'slow', count: 1 } as const

/** Messages in their order. Pieces stay whole where they can, because whole ones are encoded once for all clients. */
export class Backlog implements Waiting {
  readonly #losses = new Losses()
  readonly #bound: Bound
  #pieces: Piece[] = []
  /** First of `pieces` that still waits, and how many of its messages went already. */
  #head = 0
  #skip = 0
  #count = 0
  #bytes = 0

  constructor(bound: Bound) {
    this.#bound = bound
  }

  get empty(): boolean {
    return this.#head === this.#pieces.length && this.#losses.none
  }

  overflows(piece: Piece): boolean {
    return this.#count + piece.items.length > this.#bound.messages || this.#bytes + piece.bytes > this.#bound.bytes
  }

  push(piece: Piece, keep = false): void {
    this.#pieces.push(piece)
    this.#count += piece.items.length
    this.#bytes += piece.bytes
    if (keep) return
    while (this.#count > this.#bound.messages || (this.#bytes > this.#bound.bytes && this.#count > 1)) this.#drop()
  }

  /** Takes in what fits, at least one message, and gives the position of the last that waits. */
  fill(piece: Piece): string | undefined {
    const items: Encoded[] = []
    let bytes = this.#bytes
    for (const item of piece.items) {
      const count = this.#count + items.length
      if (count > 0 && (count >= this.#bound.messages || bytes + item.bytes > this.#bound.bytes)) break
      items.push(item)
      bytes += item.bytes
    }
    if (items.length > 0 || piece.lost) this.push(new Piece(items, piece.lost), true)
    for (let at = this.#pieces.length - 1; at >= this.#head; at--) {
      const last = this.#pieces[at]?.items.at(-1)
      if (last) return last.position
    }
    return undefined
  }

  take(fits: Fits): Piece | undefined {
    const told = this.#losses.take()
    if (told) return told
    const piece = this.#pieces[this.#head]
    if (!piece) return undefined
    if (this.#skip === 0 && fits(piece.items.length, piece.bytes)) {
      this.#went(piece.items.length, piece.bytes)
      return piece
    }
    return this.#part(piece, fits)
  }

  /** As much of it as fits. */
  #part(piece: Piece, fits: Fits): Piece | undefined {
    const items: Encoded[] = []
    let bytes = 0
    for (let at = this.#skip; at < piece.items.length; at++) {
      const item = piece.items[at]
      if (!item || !fits(items.length + 1, bytes + item.bytes)) break
      items.push(item)
      bytes += item.bytes
    }
    if (items.length === 0) return undefined
    const lost = this.#skip === 0 ? piece.lost : undefined
    const whole = this.#skip + items.length === piece.items.length
    this.#went(items.length, bytes)
    return new Piece(items, lost, whole && piece.caughtUp)
  }

  #drop(): void {
    const piece = this.#pieces[this.#head]
    if (!piece) return
    const item = piece.items[this.#skip]
    if (this.#skip === 0) this.#losses.add(piece.lost)
    if (item) this.#losses.add(ONE_SLOW)
    if (this.#skip + 1 >= piece.items.length && piece.caughtUp) this.#losses.caughtUp()
    this.#went(item ? 1 : 0, item?.bytes ?? 0)
  }

  #went(count: number, bytes: number): void {
    this.#count -= count
    this.#bytes -= bytes
    this.#skip += count
    if (this.#skip < (this.#pieces[this.#head]?.items.length ?? 0)) return
    this.#skip = 0
    this.#head += 1
    if (this.#head < 64 || this.#head * 2 < this.#pieces.length) return
    this.#pieces = this.#pieces.slice(this.#head)
    this.#head = 0
  }
}

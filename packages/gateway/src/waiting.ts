import { type Encoded, type Lost, PIECE_BYTES, Piece } from './encoded.js'

/**
 * Messages that wait for one client, bounded: beyond, the oldest goes and is counted. Conflating, only the newest of a
 * path waits, and what it replaces is no loss.
 */
export class Waiting {
  #bound: { readonly messages: number; readonly bytes: number }
  #conflate: boolean
  #items: Encoded[] = []
  /** First of `items` that still waits. */
  #head = 0
  readonly #newest = new Map<string, Encoded>()
  #bytes = 0
  readonly #lost = new Map<Lost['reason'], number | undefined>()
  #caughtUp = false

  constructor(bound: { readonly messages: number; readonly bytes: number }, conflate: boolean) {
    this.#bound = bound
    this.#conflate = conflate
  }

  get size(): number {
    return this.#conflate ? this.#newest.size : this.#items.length - this.#head
  }

  get empty(): boolean {
    return this.size === 0 && this.#lost.size === 0 && !this.#caughtUp
  }

  /** Taking this in would drop something. */
  overflows(piece: Piece): boolean {
    return this.size + piece.items.length > this.#bound.messages || this.#bytes + piece.bytes > this.#bound.bytes
  }

  /** Takes it in. Beyond the bound the oldest goes, unless `keep` says that upstream waits for us instead. */
  push(piece: Piece, keep = false): void {
    if (piece.lost) this.#lose(piece.lost.reason, piece.lost.count)
    if (piece.caughtUp) this.#caughtUp = true
    for (const item of piece.items) this.#add(item)
    if (keep) return
    while (this.size > this.#bound.messages || (this.#bytes > this.#bound.bytes && this.size > 1)) this.#drop()
  }

  /** Takes in what fits, at least something, and gives the position of the last that waits. */
  fill(piece: Piece): string | undefined {
    if (piece.lost) this.#lose(piece.lost.reason, piece.lost.count)
    for (const item of piece.items) {
      if (this.size > 0 && (this.size >= this.#bound.messages || this.#bytes + item.bytes > this.#bound.bytes)) break
      this.#add(item)
    }
    return this.#items.at(-1)?.position
  }

  /** The next piece, as long as `fits` agrees to its messages and bytes; `undefined` when not even one fits. */
  take(fits: (count: number, bytes: number) => boolean): Piece | undefined {
    const items: Encoded[] = []
    let bytes = 0
    for (let next = this.#first(); next; next = this.#first()) {
      if (!fits(items.length + 1, bytes + next.bytes)) break
      if (items.length > 0 && bytes + next.bytes > PIECE_BYTES) break
      this.#shift(next)
      items.push(next)
      bytes += next.bytes
    }
    if (items.length === 0 && this.size > 0) return undefined
    const lost = this.#takeLost()
    if (items.length === 0 && !lost && !this.#caughtUp) return undefined
    const caughtUp = this.#caughtUp && this.size === 0 && this.#lost.size === 0
    if (caughtUp) this.#caughtUp = false
    return new Piece(items, lost, caughtUp)
  }

  resize(bound: { readonly messages: number; readonly bytes: number }, conflate: boolean): void {
    this.#bound = bound
    if (conflate === this.#conflate) return
    const items = this.#conflate ? [...this.#newest.values()] : this.#items.slice(this.#head)
    this.#newest.clear()
    this.#items = []
    this.#head = this.#bytes = 0
    this.#conflate = conflate
    this.push(new Piece(items))
  }

  #first(): Encoded | undefined {
    return this.#conflate ? this.#newest.values().next().value : this.#items[this.#head]
  }

  #shift(item: Encoded): void {
    this.#bytes -= item.bytes
    if (this.#conflate) this.#newest.delete(item.path)
    else {
      this.#head += 1
      if (this.#head < 256 || this.#head * 2 < this.#items.length) return
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }

  #add(item: Encoded): void {
    const old = this.#newest.get(item.path)
    if (old) this.#shift(old)
    if (this.#conflate) this.#newest.set(item.path, item)
    else this.#items.push(item)
    this.#bytes += item.bytes
  }

  #drop(): void {
    const oldest = this.#first()
    if (!oldest) return
    this.#shift(oldest)
    this.#lose('slow', 1)
  }

  #lose(reason: Lost['reason'], count: number | undefined): void {
    const before = this.#lost.has(reason) ? this.#lost.get(reason) : 0
    this.#lost.set(reason, before === undefined || count === undefined ? undefined : before + count)
  }

  #takeLost(): Lost | undefined {
    const [entry] = this.#lost
    if (!entry) return undefined
    const [reason, count] = entry
    this.#lost.delete(reason)
    return { reason, ...(count === undefined ? undefined : { count }) }
  }
}

/** Nobody is sent away for longer. */
const MAX_AWAY_MS = 30_000
/** How much the newest turn says about the pace. */
const NEWEST = 0.2

export interface LineOptions {
  /** How many are served at once; in one turn of the event loop no more begin. */
  readonly atOnce: number
  /** Who would wait longer is sent away. */
  readonly waitMs: number
  /** Told of everybody who was sent away. */
  readonly onShed: () => void
  /** Default `performance.now` and `setImmediate`. */
  readonly now?: () => number
  readonly later?: (turn: () => void) => void
}

/** In the line, until `leave()`; or away, until then. */
export type Place = { readonly leave: () => void } | { readonly retryAfterMs: number }

interface Waiting {
  readonly serve: () => Promise<void>
  readonly sinceMs: number
}

/**
 * Who comes first is served first. Who comes when the line is too long is sent away at once, with a moment of his own at
 * which to come back: so those in the line are served while they still wait, and a herd comes back as fast as it is served.
 * While the pace is not known the line is as long as there are connections, no longer.
 */
export class Line {
  readonly #options: LineOptions
  readonly #now: () => number
  readonly #later: (turn: () => void) => void
  readonly #waiting = new Set<Waiting>()
  #serving = 0
  #served = 0
  #turn: 'none' | 'due' = 'none'
  /** When the last turn was, if somebody has waited ever since. */
  #busySince: number | undefined
  /** How long one takes, as those at once overlap; 0: not known yet. */
  #paceMs = 0
  /** What was promised to those who were sent away ends here. */
  #promisedMs = 0

  constructor(options: LineOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#later = options.later ?? setImmediate
  }

  get length(): number {
    return this.#waiting.size
  }

  /** How many a second were served of late while others waited; 0: nobody ever waited. */
  get perSecond(): number {
    return this.#paceMs === 0 ? 0 : 1_000 / this.#paceMs
  }

  /** `serve` is called when its turn has come, unless its place was left; it must not reject. */
  enter(serve: () => Promise<void>): Place {
    const sinceMs = this.#now()
    const waitMs = this.#waitMs(sinceMs)
    if (waitMs > this.#options.waitMs) {
      this.#options.onShed()
      return { retryAfterMs: this.#promise(sinceMs, waitMs) }
    }
    const place = { serve, sinceMs }
    this.#waiting.add(place)
    this.#schedule()
    return { leave: () => this.#waiting.delete(place) }
  }

  /** As long as the line is, or as the first in it has waited already: who serves may be stuck. */
  #waitMs(now: number): number {
    const [first] = this.#waiting
    return first ? Math.max(this.#waiting.size * this.#paceMs, now - first.sinceMs) : 0
  }

  /** The first moment that was not promised to anybody else. */
  #promise(now: number, waitMs: number): number {
    this.#promisedMs = Math.min(Math.max(this.#promisedMs, now + waitMs) + this.#paceMs, now + MAX_AWAY_MS)
    return Math.ceil(this.#promisedMs - now)
  }

  #schedule(): void {
    if (this.#turn === 'due' || this.#waiting.size === 0 || this.#serving >= this.#options.atOnce) return
    this.#turn = 'due'
    this.#later(() => this.#serve())
  }

  #serve(): void {
    this.#turn = 'none'
    const now = this.#now()
    this.#measure(now)
    for (const place of this.#waiting) {
      if (this.#serving >= this.#options.atOnce) break
      this.#waiting.delete(place)
      this.#serving += 1
      void place.serve().finally(() => {
        this.#serving -= 1
        this.#served += 1
        this.#schedule()
      })
    }
    if (this.#waiting.size === 0) this.#busySince = undefined
  }

  #measure(now: number): void {
    if (this.#busySince !== undefined && this.#served > 0) {
      const tookMs = (now - this.#busySince) / this.#served
      this.#paceMs = this.#paceMs === 0 ? tookMs : this.#paceMs + NEWEST * (tookMs - this.#paceMs)
    }
    if (this.#busySince === undefined || this.#served > 0) {
      this.#busySince = now
      this.#served = 0
    }
  }
}

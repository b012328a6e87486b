/** What the table needs to know of a state. */
export interface Remembered {
  readonly source: string
  /** The highest stamp of its messages, Unix ms. Never falls. */
  readonly timeMs: number
}

export interface SourcesOptions<S> {
  /** How many are remembered. */
  readonly max: number
  /** How many of them may be ahead of the wall clock by more than an hour. */
  readonly maxFuture: number
  /** Unix ms; absent: no source counts as one from the future. */
  readonly wall?: (() => number) | undefined
  /** Called with a state that is about to be forgotten. */
  readonly evict: (state: S) => void
}

/**
 * The sources that a subscription remembers (R28). Beyond the bound the one with the lowest stamp goes; sources from
 * the future, which would never be the lowest, share a quota of their own.
 */
export class Sources<S extends Remembered> {
  /** Of all forgotten sources no message had a higher stamp, those from the future apart. -1: none was forgotten. */
  forgottenMs = -1
  readonly #options: SourcesOptions<S>
  // Each made for the first that needs it: thousands of subscriptions hear of one source, or of none.
  #states: Map<string, S> | undefined
  /** Some of these: all but those from the future. */
  #past: Oldest<S> | undefined
  #future: Oldest<S> | undefined
  /** Publishers that said goodbye, the first to say so first. */
  #ended: Set<S> | undefined

  constructor(options: SourcesOptions<S>) {
    this.#options = options
  }

  /** By name. */
  get all(): ReadonlyMap<string, S> {
    return this.#states ?? NONE
  }

  get(source: string): S | undefined {
    return this.#states?.get(source)
  }

  /** Takes in a source that is not there. May forget others, or itself at once. */
  add(state: S): void {
    this.#states ??= new Map()
    this.#states.set(state.source, state)
    if (this.#isFuture(state)) this.#admitFuture(state)
    else this.#past?.push(state)
    for (const ended of this.#ended ?? []) {
      if (this.#options.wall === undefined || ended.timeMs > this.#options.wall() - ENDED_MS) break
      this.#forget(ended)
    }
    while (this.#states.size > this.#options.max) this.#forgetOldest()
    this.#past?.sweep(this.#isKnown, this.#options.max)
  }

  /** Its publisher is gone: it is forgotten when no replay reaches back to it any longer. */
  end(state: S): void {
    this.#ended ??= new Set()
    this.#ended.add(state)
  }

  #forgetOldest(): void {
    this.#past ??= this.#rank()
    const oldest = this.#past.pop()
    if (oldest === undefined) {
      const future = this.#future?.pop()
      if (future) this.#forget(future)
    } else if (!this.#isKnown(oldest)) return
    else if (this.#isFuture(oldest)) this.#admitFuture(oldest)
    else this.#forget(oldest)
  }

  /** From the first time on that one has to be forgotten. */
  #rank(): Oldest<S> {
    const past = new Oldest<S>()
    for (const state of this.all.values()) if (!this.#isFuture(state)) past.push(state)
    return past
  }

  #admitFuture(state: S): void {
    this.#future ??= new Oldest()
    this.#future.push(state)
    while (this.#future.size > this.#options.maxFuture) {
      const oldest = this.#future.pop()
      if (oldest === undefined || !this.#isKnown(oldest)) continue
      // Time has caught up with it: it is like all others now.
      if (!this.#isFuture(oldest)) this.#past?.push(oldest)
      else this.#forget(oldest)
    }
  }

  #forget(state: S): void {
    this.#ended?.delete(state)
    if (!this.#isKnown(state)) return
    this.#options.evict(state)
    this.#states?.delete(state.source)
    if (!this.#isFuture(state)) this.forgottenMs = Math.max(this.forgottenMs, state.timeMs)
  }

  #isFuture(state: S): boolean {
    const { wall } = this.#options
    return wall !== undefined && state.timeMs > wall() + FUTURE_MS
  }

  readonly #isKnown = (state: S): boolean => this.get(state.source) === state
}

/** Never written to. */
const NONE: ReadonlyMap<string, never> = new Map<string, never>()
const FUTURE_MS = 3_600_000
/** As far back as a replay goes (R24). */
const ENDED_MS = 600_000

/**
 * A heap by stamp. Stamps rise with every message, so a key may lag behind: it is renewed when its turn comes, which
 * costs at most one step per message that raised it.
 */
class Oldest<S extends Remembered> {
  #states: S[] = []
  #keys: number[] = []

  get size(): number {
    return this.#states.length
  }

  push(state: S): void {
    let at = this.#states.length
    for (let up = (at - 1) >> 1; at > 0 && this.#key(up) > state.timeMs; at = up, up = (at - 1) >> 1) this.#copy(up, at)
    this.#states[at] = state
    this.#keys[at] = state.timeMs
  }

  pop(): S | undefined {
    for (;;) {
      const top = this.#states[0]
      if (top && top.timeMs > this.#key(0)) this.#sink(top)
      else {
        const end = this.#states.pop()
        this.#keys.pop()
        if (end && end !== top) this.#sink(end)
        return top
      }
    }
  }

  /** Drops those that are no longer known once they could be more than the others. */
  sweep(isKnown: (state: S) => boolean, max: number): void {
    if (this.size <= 2 * max) return
    const known = this.#states.filter(isKnown)
    this.#states = []
    this.#keys = []
    for (const state of known) this.push(state)
  }

  /** Puts it at the top, and lets it fall to its place. */
  #sink(state: S): void {
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (this.#key(down + 1) < this.#key(down)) down++
      if (this.#key(down) >= state.timeMs) break
      this.#copy(down, at)
      at = down
    }
    this.#states[at] = state
    this.#keys[at] = state.timeMs
  }

  #key(at: number): number {
    return this.#keys[at] ?? Number.POSITIVE_INFINITY
  }

  #copy(from: number, to: number): void {
    const state = this.#states[from]
    if (state) this.#states[to] = state
    this.#keys[to] = this.#key(from)
  }
}

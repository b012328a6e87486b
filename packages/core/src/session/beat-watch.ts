import type { Runtime } from '../runtime/runtime.js'

/** So many beats may stay away, and so much time at least passes, before a reception counts as silent. */
const BEATS = 5
const LEAST_MS = 2_500
/** It looks no more often. */
const LOOK_MS = 250
/** A timer this late means that we stood still, not the others (R36). */
const STALL_MS = 200

/** A reception that promised beats. */
export interface Beating {
  /** Since when something should come, Runtime ms; Infinity while nobody pulls. */
  waitingSince: number
  /** How long that may last. */
  readonly patienceMs: number
  silent(forMs: number): void
}

/** How long a reception that promised a beat each `beatMs` may be silent. */
export function patienceWith(beatMs: number): number {
  return Math.max(LEAST_MS, BEATS * beatMs)
}

/**
 * Watches that the receptions of a session which promised beats give them while we wait: their sources may hang behind a
 * healthy link. As with links, what lies in the sockets is read before the verdict, and our own stall counts for nobody.
 * One timer for all of them, which rests until the first could be too late.
 */
export class BeatWatch {
  readonly #runtime: Runtime
  readonly #all = new Set<Beating>()
  #dueAt = Infinity
  #cancel = () => {}

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  add(one: Beating): void {
    this.#all.add(one)
    this.#arm(this.#runtime.now() + one.patienceMs)
  }

  delete(one: Beating): void {
    this.#all.delete(one)
    if (this.#all.size > 0) return
    this.#cancel()
    this.#dueAt = Infinity
  }

  #arm(dueAt: number): void {
    if (dueAt >= this.#dueAt) return
    this.#cancel()
    this.#dueAt = dueAt
    this.#cancel = this.#runtime.after(dueAt - this.#runtime.now(), () => this.#look())
  }

  #look(): void {
    const now = this.#runtime.now()
    const late = now - this.#dueAt
    this.#dueAt = Infinity
    let next = Infinity
    for (const one of this.#all) {
      if (late > STALL_MS) one.waitingSince += late
      if (now - one.waitingSince >= one.patienceMs) this.#doubt(one)
      next = Math.min(next, Math.min(now, one.waitingSince) + one.patienceMs)
    }
    if (next < Infinity) this.#arm(Math.max(next, now + LOOK_MS))
  }

  #doubt(one: Beating): void {
    const since = one.waitingSince
    const pronounce = () => {
      if (one.waitingSince === since && this.#all.has(one)) one.silent(this.#runtime.now() - since)
    }
    this.#runtime.turn(() => this.#runtime.turn(pronounce))
  }
}

import type { Runtime } from '../runtime/runtime.js'

/** So many beats may stay away, and so much time at least passes, before a reception counts as silent. */
const BEATS = 5
const LEAST_MS = 2_500
/** A timer this late means that we stood still, not the others (R36). */
const STALL_MS = 200

/**
 * Watches that a reception which promised beats gives them while we wait for one: its source may hang behind a healthy
 * link. As with links, what lies in the sockets is read before the verdict, and our own stall counts for nobody. It looks
 * beat by beat only when half of the time that silence may last is over.
 */
export class BeatWatch {
  readonly #runtime: Runtime
  readonly #beatMs: number
  readonly #limitMs: number
  readonly #silent: (forMs: number) => void
  #waitingSince: number | undefined
  #isOver = false
  #cancel = () => {}

  /** `silent` is called once. */
  constructor(runtime: Runtime, beatMs: number, silent: (forMs: number) => void) {
    this.#runtime = runtime
    this.#beatMs = beatMs
    this.#limitMs = Math.max(LEAST_MS, BEATS * beatMs)
    this.#silent = silent
    this.#arm()
  }

  /** From here on something should come. */
  wait(): void {
    this.#waitingSince = this.#runtime.now()
  }

  /** It came, and until the next `wait` nobody pulls. */
  came(): void {
    this.#waitingSince = undefined
  }

  end(): void {
    this.#isOver = true
    this.came()
    this.#cancel()
  }

  #arm(): void {
    const now = this.#runtime.now()
    const ms = Math.max(this.#beatMs, (this.#waitingSince ?? now) + this.#limitMs / 2 - now)
    this.#cancel = this.#runtime.after(ms, () => this.#tick(now + ms))
  }

  #tick(due: number): void {
    const late = this.#runtime.now() - due
    if (late > STALL_MS && this.#waitingSince !== undefined) this.#waitingSince += late
    const since = this.#waitingSince
    if (since === undefined || this.#runtime.now() - since < this.#limitMs) {
      this.#arm()
      return
    }
    const pronounce = () => {
      if (this.#waitingSince === since) this.#silent(this.#runtime.now() - since)
      else if (!this.#isOver) this.#arm()
    }
    this.#runtime.turn(() => this.#runtime.turn(pronounce))
  }
}

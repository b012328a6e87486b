import type { Runtime } from '../runtime/runtime.js'

/** What is older says nothing about now. */
const WINDOW_MS = 10_000
/** Fewer prove nothing. */
const ENOUGH = 20
const MAX_SAMPLES = 100

/** Where a site's pace is taken, once somebody wants to know it. */
export interface Timing {
  pace: Pace | undefined
}

/** How soon a site answers: a few samples a second of what it confirms, and each probe. Kept for ten seconds. */
export class Pace {
  /** The next shipment is to be timed. Set now and then, so that timing costs nothing per message. */
  wanted = false
  readonly #runtime: Runtime
  #samples: { readonly at: number; readonly ms: number }[] = []

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** When the shipment that leaves now began, if it is to be timed. */
  begin(): number | undefined {
    if (!this.wanted) return undefined
    this.wanted = false
    return this.#runtime.now()
  }

  /** What began then has been confirmed. */
  end(began: number): void {
    this.took(this.#runtime.now() - began)
  }

  took(ms: number): void {
    if (this.#samples.length >= MAX_SAMPLES) this.#samples.shift()
    this.#samples.push({ at: this.#runtime.now(), ms })
  }

  /** What half of the last answers took at least, in ms; absent: too few lately. */
  median(): number | undefined {
    const since = this.#runtime.now() - WINDOW_MS
    this.#samples = this.#samples.filter(({ at }) => at >= since)
    if (this.#samples.length < ENOUGH) return undefined
    const sorted = this.#samples.map(({ ms }) => ms).sort((a, b) => a - b)
    return sorted[sorted.length >> 1]
  }
}

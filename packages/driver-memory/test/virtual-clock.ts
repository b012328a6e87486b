import { setImmediate } from 'node:timers'
import type { Clock } from '../src/clock.js'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** Time that moves only when told. */
export class VirtualClock implements Clock {
  #now = 0
  #random = 0
  readonly #timers: Set<Timer> = new Set()
  readonly #startMs: number

  constructor(startMs = 1_700_000_000_000) {
    this.#startMs = startMs
  }

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#startMs + this.#now
  }

  random(): number {
    this.#random += 1
    return (this.#random * 0.618_033_988_749) % 1
  }

  turn(callback: () => void): void {
    setImmediate(callback)
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Time passes while nobody runs: no timer fires. */
  stall(ms: number): void {
    this.#now += ms
  }

  /** Lets everything that is ready happen, then moves on to the next timer, until `ms` have passed. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await settled()
    }
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer
    return first
  }
}

/** A turn of the event loop: all promises that could settle have. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

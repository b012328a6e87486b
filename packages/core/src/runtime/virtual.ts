import type { Runtime } from './runtime.js'

/** A clock that stands until it is told to go on, and dice that fall the same way each time. */
export interface VirtualRuntime extends Runtime {
  /** Timers and turns that are pending. */
  readonly pending: number
  /**
   * Lets the time pass: each timer that falls due fires in order, at its time, after everything that can be done
   * without time passing has been done (promises, and turns of the real event loop that are already due).
   */
  advance(ms: number): Promise<void>
}

/** Unix ms at which virtual time starts. */
const EPOCH = Date.UTC(2026, 0, 1)

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** For tests and simulations. Same seed, same run. */
export function virtualRuntime(seed = 1): VirtualRuntime {
  let now = 0
  // In order of time, then of age.
  const timers: Timer[] = []
  const random = xorshift(seed)
  const after = (ms: number, callback: () => void) => {
    const timer = { at: now + Math.max(0, ms), callback }
    timers.splice(placeFor(timer.at, timers), 0, timer)
    return () => {
      const at = timers.indexOf(timer)
      if (at >= 0) timers.splice(at, 1)
    }
  }
  return {
    now: () => now,
    wall: () => EPOCH + Math.floor(now),
    random,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
    after,
    turn: (callback) => void after(0, callback),
    get pending() {
      return timers.length
    },
    async advance(ms) {
      const end = now + ms
      await settled()
      for (let next = timers[0]; next && next.at <= end; next = timers[0]) {
        timers.shift()
        now = next.at
        next.callback()
        await settled()
      }
      now = end
    },
  }
}

/** Behind all that fire then or earlier. */
function placeFor(at: number, timers: readonly Timer[]): number {
  let low = 0
  let high = timers.length
  while (low < high) {
    const middle = (low + high) >> 1
    const timer = timers[middle]
    if (timer && timer.at <= at) low = middle + 1
    else high = middle
  }
  return low
}

/** Everything that can happen without time passing has happened when a turn of the event loop is over. */
function settled(): Promise<void> {
  return new Promise((resolve) => (globalThis.setImmediate ?? setTimeout)(resolve))
}

/** Marsaglia's xorshift with 32 bits of state (Journal of Statistical Software 8/14, 2003), uniform in [0, 1). */
function xorshift(seed: number): () => number {
  // Zero would stay zero; neighbouring seeds should part at once.
  let state = Math.imul(seed, 0x9e3779b1) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

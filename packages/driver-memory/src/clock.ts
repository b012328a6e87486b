/** Where an engine takes its time from. The client's own `Runtime` fits, so that both can live on one virtual clock. */
export interface Clock {
  /** Monotonic ms, fractional. Leases, delays and expiry are measured with it. */
  now(): number
  /** Unix ms, for stamps. */
  wall(): number
  /** Calls back once, not before `ms` have passed. The result cancels; calling it late or twice is harmless. */
  after(ms: number, callback: () => void): () => void
  /** Uniform in [0, 1): makes the ids of logs. Default `Math.random`. */
  random?(): number
  /** Calls back in a later turn of the event loop. Default: `after(0)`. */
  turn?(callback: () => void): void
}

/** The platform's time. A pending timer never keeps a Node process alive by itself. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
    if (typeof timer === 'object' && 'unref' in timer) timer.unref()
    return () => clearTimeout(timer)
  },
  turn: (callback) => void (typeof setImmediate === 'function' ? setImmediate(callback) : setTimeout(callback, 0)),
}

/** Timers take 31 bits; a longer delay would fire at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1

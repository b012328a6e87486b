/**
 * Time, chance and turns of the event loop, by argument: what makes a ten-minute outage testable in a millisecond.
 * Nothing else in this package touches them.
 */
export interface Runtime {
  /** Monotonic ms, fractional. Every duration is measured with it. */
  now(): number
  /** Unix ms. Only for stamps, tokens and max age. */
  wall(): number
  /** Uniform in [0, 1). */
  random(): number
  /** Random bytes fit for identities. */
  bytes(length: number): Uint8Array
  /** Calls back once, not before `ms` have passed. The result cancels; calling it late or twice is harmless. */
  after(ms: number, callback: () => void): () => void
  /** Calls back in a later turn, when pending input has been read: a verdict about somebody's silence waits for two of these. */
  turn(callback: () => void): void
}

/**
 * The real thing, on any platform with timers and Web Crypto. A pending timer keeps a Node process alive: a service whose
 * sites are all away waits for them, and ends when its client is closed.
 */
export const systemRuntime: Runtime = {
  now: () => performance.now(),
  wall: () => Date.now(),
  random: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAX_DELAY_MS))
    return () => clearTimeout(timer)
  },
  // Node reads sockets between a timer and an immediate; two timers may fire with nothing read in between.
  turn: (callback) => void (globalThis.setImmediate ?? setTimeout)(callback),
}

/** Timers take 31 bits; a longer delay would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

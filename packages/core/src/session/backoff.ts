const BASE_MS = 250
const CAP_MS = 30_000
const FLOOR_MS = 50
/** What waits for a site waits 30 s by itself: one that is back must be found in time for most of it. */
export const AWAITED_CAP_MS = 5_000
const DIAL_MS = 3_000
const HOLD_MS = 30_000
const HOLD_CAP_MS = 300_000
/** An engine may ask for patience, but not for ever. */
const MAX_RETRY_AFTER_MS = 60_000

/**
 * Wait before the next try, in ms: full jitter (`chance` is uniform in [0, 1)) under 250 ms doubling to 30 s.
 * `failures` so far: at 0 and 1 somewhere in 0 to 250 ms, for a proven death is followed at once, and a herd is spread;
 * never below 50 ms after that. What the engine wished for comes on top, up to a minute of it.
 */
export function backoffMs(failures: number, chance: number, retryAfterMs = 0): number {
  const bound = Math.min(CAP_MS, BASE_MS * 2 ** Math.max(0, failures - 1))
  return Math.max(failures > 1 ? FLOOR_MS : 0, chance * bound) + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)
}

/** Wait before trying again what was refused rather than failed, in ms: 15 to 30 s. */
export function slowMs(chance: number): number {
  return (CAP_MS * (1 + chance)) / 2
}

/** How long a site that came back has to last before it is trusted, in ms: 30 s doubling with each outage to 300 s. */
export function holdMs(outages: number): number {
  return Math.min(HOLD_CAP_MS, HOLD_MS * 2 ** (outages - 1))
}

/** Patience with one dial, in ms: 3 s doubling to 30 s. This growth, not the jitter, is what lets a herd converge. */
export function dialTimeoutMs(attempt: number): number {
  return Math.min(CAP_MS, DIAL_MS * 2 ** (attempt - 1))
}

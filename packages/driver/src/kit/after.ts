/** Longer waits overflow what a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** A timer that fires after so long, or after the 24 days that one can wait: who wants to wait longer looks again. */
export function after(ms: number, act: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(act, Math.min(Math.max(ms, 1), MAX_TIMER_MS))
}

/** What a site that was lost gets back of its work, and when, once it is trusted: all of it within 20 s. */
const SHARES = [0.1, 0.25, 0.5, 1] as const
export const RAMP_STEP_MS: number = 20_000 / (SHARES.length - 1)

/** The share after so many steps; absent: all was given back before. */
export function shareAfter(steps: number): number | undefined {
  return SHARES[steps]
}

import type { Policy } from '@spanwire/core'
import type { Timed } from './plan.js'
import { type Rehearsal, type RehearseOptions, rehearse } from './rehearse.js'

/** A rehearsal that broke a promise once, as plain data: what it needs to happen again, and what it broke. */
export interface Regression {
  readonly seed: number
  /** Virtual time with load, ms. */
  readonly forMs: number
  readonly policy: Policy
  readonly plan: readonly Timed[]
  /** Absent: as false. */
  readonly hasGroup?: boolean
  /** As `I3`. */
  readonly broke: readonly string[]
}

/** How long a plan is watched after its last fault when the rest is cut off, ms. */
const AFTERMATH_MS = 60_000

/** What went wrong, without what need not have: fewer faults, and an earlier end. Runs it at most `tries` times, by default 60. */
export async function shrink(failed: Rehearsal, options: RehearseOptions, tries = 60): Promise<Regression> {
  const { hasGroup, seed, policy, violations } = failed
  const broke = named(violations)
  let least: Regression = { seed, forMs: failed.forMs, policy, hasGroup, plan: failed.plan, broke }
  let left = tries
  const accept = async (smaller: Regression): Promise<boolean> => {
    if (left-- <= 0) return false
    const { forMs, plan } = smaller
    const again = await rehearse({ ...options, seed, policy, hasGroup, forMs, plan })
    const still = named(again.violations)
    // The same trouble, not another one that lies beside it.
    if (!broke[0] || !still.includes(broke[0])) return false
    least = { ...smaller, broke: still }
    return true
  }
  await dropFaults(() => least, accept)
  const endMs = Math.max(0, ...least.plan.map(({ atMs, fault }) => atMs + fault.forMs)) + AFTERMATH_MS
  if (endMs < least.forMs) await accept({ ...least, forMs: endMs })
  return least
}

function named(violations: Rehearsal['violations']): string[] {
  return [...new Set(violations.map(({ invariant }) => invariant))]
}

/** Halves first, then ever smaller runs of faults, until none can go. */
async function dropFaults(least: () => Regression, accept: (smaller: Regression) => Promise<boolean>): Promise<void> {
  for (let size = Math.ceil(least().plan.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < least().plan.length; ) {
      const { plan } = least()
      const isGone = await accept({ ...least(), plan: plan.filter((_, at) => at < from || at >= from + size) })
      if (!isGone) from += size
    }
  }
}

/** Runs it again; no violations: it is mended. */
export function replay(
  { seed, forMs, hasGroup = false, policy, plan }: Regression,
  options: Partial<RehearseOptions> = {},
): Promise<Rehearsal> {
  return rehearse({ ...options, seed, forMs, hasGroup, policy, plan })
}

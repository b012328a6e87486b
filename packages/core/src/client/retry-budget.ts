import type { Context } from './context.js'

/** Kept at most, and what a success earns: a fifth of what goes to a site may be tried again. */
const MAX = 100
const EARNED = 0.2
/** Always allowed, a second, so that those who rarely ask can try again as well. */
const RESERVE = 10

/** How much of what may have run at a site is asked again, or asked twice: when all is ill, repeating everything makes it worse. One per site. */
export class RetryBudget {
  #tokens = MAX
  #reserve = RESERVE
  #refilledAt = 0

  /** Something was answered. */
  earn(): void {
    this.#tokens = Math.min(MAX, this.#tokens + EARNED)
  }

  /** Whether one more is allowed now (Runtime ms). It counts. */
  spend(nowMs: number): boolean {
    if (this.#tokens > MAX / 2) {
      this.#tokens -= 1
      return true
    }
    this.#reserve = Math.min(RESERVE, this.#reserve + ((nowMs - this.#refilledAt) / 1_000) * RESERVE)
    this.#refilledAt = nowMs
    if (this.#reserve < 1) return false
    this.#reserve -= 1
    return true
  }
}

/** A site's. */
export function budgetOf({ budgets }: Context, site: string): RetryBudget {
  const known = budgets.get(site) ?? new RetryBudget()
  budgets.set(site, known)
  return known
}

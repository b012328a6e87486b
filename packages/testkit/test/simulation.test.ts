import { describe, expect, it } from 'vitest'
import { rehearse } from '../src/simulation/rehearse.js'

/** `npm run simulate` runs many more; these are here so that a broken promise is seen at once. */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1)

describe('a company with two sites, where things go wrong', () => {
  it.each(SEEDS)('keeps every promise, seed %i', async (seed) => {
    const { violations, plan, counts } = await rehearse({ seed })
    expect(violations).toEqual([])
    // It is no quiet day.
    expect(plan.length).toBeGreaterThan(3)
    expect(counts['done']).toBeGreaterThan(1_000)
  })

  it('does the same again with the same seed, to the last line', async () => {
    const once = await rehearse({ seed: 7, forMs: 180_000, verbose: true })
    const again = await rehearse({ seed: 7, forMs: 180_000, verbose: true })
    expect(again.lines).toEqual(once.lines)
    expect(again.hash).toBe(once.hash)
    const other = await rehearse({ seed: 8, forMs: 180_000 })
    expect(other.hash).not.toBe(once.hash)
  })
})

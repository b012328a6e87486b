import { describe, expect, it } from 'vitest'
import { dice } from '../src/simulation/dice.js'
import { rehearse } from '../src/simulation/rehearse.js'
import { bugs } from './simulated-bugs.js'

const SEEDS = 200

describe('the judge', () => {
  it.each(bugs)(
    'finds a client that $what',
    async ({ caughtBy, faults, plan, policy, plant }) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const machines = new Map<string, ReturnType<typeof plant>>()
        const { violations } = await rehearse({
          seed,
          forMs: 180_000,
          ...(faults && { faults }),
          ...(plan && { plan: plan(dice(seed)) }),
          ...(policy && { policy }),
          tamper: (driver, machine, site, host) => {
            const planted = machines.get(machine) ?? plant()
            machines.set(machine, planted)
            return planted(driver, site, host)
          },
        })
        const found = violations.map(({ invariant }) => invariant)
        if (found.some((one) => caughtBy.includes(one))) return
      }
      expect.unreachable(`no seed up to ${SEEDS} shows it`)
    },
    120_000,
  )

  it('finds nothing where nothing is planted, with the same plans', async () => {
    for (const { faults, plan, policy } of bugs) {
      const { violations } = await rehearse({
        seed: 1,
        forMs: 180_000,
        ...(faults && { faults }),
        ...(plan && { plan: plan(dice(1)) }),
        ...(policy && { policy }),
      })
      expect(violations).toEqual([])
    }
  })
})

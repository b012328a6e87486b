import { primary } from '@spanwire/core'
import { describe, expect, it } from 'vitest'
import { dice } from '../src/simulation/dice.js'
import { rehearse } from '../src/simulation/rehearse.js'
import { bugs } from './simulated-bugs.js'

const SEEDS = 200

describe('the judge', () => {
  it.each(bugs)(
    'finds a client that $what',
    async ({ caughtBy, faults, hasGroup = false, plan, policy, plant }) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const machines = new Map<string, ReturnType<typeof plant>>()
        const { violations } = await rehearse({
          seed,
          forMs: 180_000,
          hasGroup,
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

  it('finds clients that never go home again', async () => {
    const policy = primary('frankfurt', 'dublin')
    const killed = { what: 'kill', site: 'frankfurt', data: 'keep', forMs: 5_000 } as const
    const options = { seed: 1, forMs: 180_000, policy, plan: [{ atMs: 15_000, fault: killed }] }
    const stay = await rehearse({ ...options, habits: { failback: 'never' } })
    expect(new Set(stay.violations.map(({ invariant }) => invariant))).toEqual(new Set(['I8']))
    const back = await rehearse(options)
    expect(back.violations).toEqual([])
  }, 120_000)

  it('finds nothing where nothing is planted, with the same plans', async () => {
    for (const { faults, hasGroup = false, plan, policy } of bugs) {
      const { violations } = await rehearse({
        seed: 1,
        forMs: 180_000,
        hasGroup,
        ...(faults && { faults }),
        ...(plan && { plan: plan(dice(1)) }),
        ...(policy && { policy }),
      })
      expect(violations).toEqual([])
    }
  }, 120_000)
})

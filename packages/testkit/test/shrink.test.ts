import { primary } from '@spanwire/core'
import { expect, it } from 'vitest'
import type { Timed } from '../src/simulation/plan.js'
import { type RehearseOptions, rehearse } from '../src/simulation/rehearse.js'
import { type Regression, replay, shrink } from '../src/simulation/shrink.js'
import { bugs } from './simulated-bugs.js'

/** Of these, only what is refused brings the bug out. */
const plan: readonly Timed[] = [
  { atMs: 15_000, fault: { what: 'slow', site: 'dublin', times: 10, forMs: 5_000 } },
  { atMs: 25_000, fault: { what: 'skew', machine: 'desk', byMs: 5_000, forMs: 5_000 } },
  { atMs: 30_000, fault: { what: 'refuse', site: 'frankfurt', share: 0.5, forMs: 20_000 } },
  { atMs: 55_000, fault: { what: 'stall', machine: 'app', forMs: 1_000 } },
  { atMs: 60_000, fault: { what: 'loss', site: 'frankfurt', share: 0.05, forMs: 5_000 } },
]

const silent = bugs.find(({ what }) => what === 'tells nobody which numbers were refused')?.plant()

const options = {
  seed: 1,
  forMs: 300_000,
  policy: primary('frankfurt', 'dublin'),
  plan,
  tamper: (driver, _machine, site, host) => silent?.(driver, site, host) ?? driver,
} satisfies RehearseOptions

it('keeps of a failed rehearsal what made it fail, and that fails again', async () => {
  const failed = await rehearse(options)
  expect(failed.violations).not.toEqual([])
  const least = await shrink(failed, options)
  expect(least.plan.map(({ fault }) => fault.what)).toEqual(['refuse'])
  expect(least.forMs).toBeLessThan(300_000)
  const kept = JSON.parse(JSON.stringify(least)) as Regression
  const again = await replay(kept, { tamper: options.tamper })
  expect(again.violations.map(({ invariant }) => invariant)).toContain(least.broke[0])
  const mended = await replay(kept)
  expect(mended.violations).toEqual([])
}, 120_000)

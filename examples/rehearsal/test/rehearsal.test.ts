import { describe, expect, it } from 'vitest'
import { type Findings, rehearse } from '../src/rehearse.js'
import { careful, type Service, trusting } from '../src/services.js'

const SEEDS = 20
const PATIENCE_MS = 120_000

/** The first day that ends badly. */
async function firstBad(service: Service): Promise<Findings | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const findings = await rehearse(seed, service)
    if (findings.twice.length + findings.never.length > 0) return findings
  }
  return undefined
}

describe('an order service', () => {
  it(
    'that trusts what is delivered for the first time is found out, and the seed shows it again',
    async () => {
      const bad = await firstBad(trusting)
      expect(bad?.twice.length).toBeGreaterThan(0)
      expect(bad?.faults.length).toBeGreaterThan(0)
      expect(await rehearse(bad?.seed ?? 0, trusting)).toEqual(bad)
    },
    PATIENCE_MS,
  )

  it(
    'that lets the ledger decide books every order once, whatever goes wrong',
    async () => {
      expect(await firstBad(careful)).toBeUndefined()
    },
    PATIENCE_MS,
  )
})

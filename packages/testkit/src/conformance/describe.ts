import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Harness, Rig } from './harness.js'
import { declaredFor, judge, unknownSkips, type Verdict } from './judge.js'
import { properties } from './properties.js'
import { titleOf } from './property.js'
import { Summary } from './summary.js'

const SETUP_MS = 120_000
const LIMIT_MS = 30_000

/**
 * Declares the conformance suite for one driver: one `it` per property or part, in a `describe` of its own. Call it at
 * the top of a test file. The engine of the harness is put up once before and taken down after; properties run one
 * after another, as some of them kill it. Skips show their reason in the reporter. The summary is printed at the end,
 * and given back for whoever wants to hold it against something.
 */
export function describeDriver(name: string, harness: Harness): Summary {
  const summary = new Summary(name)
  describe(`${name} driver`, { sequential: true }, () => {
    let rig: Rig | undefined
    beforeAll(async () => {
      rig = await harness.setup()
    }, SETUP_MS)
    afterAll(async () => {
      await rig?.dispose()
      console.log(summary.toString())
    }, SETUP_MS)
    it('skips only properties that exist', () => {
      expect(unknownSkips(properties, { ...harness.skip, ...harness.elsewhere, ...rig?.alone })).toEqual([])
    })
    for (const property of properties) {
      it(titleOf(property), {
        timeout: Math.max(property.limitMs ?? 0, harness.limitMs ?? LIMIT_MS),
      }, async (context) => {
        if (rig === undefined) throw new Error('the engine was not put up')
        const elsewhere = declaredFor(property, harness.elsewhere ?? {})
        const verdict: Verdict =
          elsewhere === undefined ? await judge(property, rig, harness.skip) : { at: 'skipped', reason: elsewhere }
        summary.add(property, verdict)
        if (verdict.at === 'failed') throw verdict.error
        if (verdict.at === 'skipped') context.skip(verdict.reason)
      })
    }
  })
  return summary
}

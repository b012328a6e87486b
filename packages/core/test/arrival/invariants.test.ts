import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Arrival } from '../../src/arrival/arrival.js'
import { Judge } from './judge.js'
import { schedule } from './ops.js'
import { START } from './rig.js'

const options = fc.record({
  order: fc.constantFrom('strict' as const, 'arrival' as const),
  live: fc.boolean(),
  fromNow: fc.boolean(),
})

it('I1, I2, I6: each is given once, all that is owed is accounted for, in order, and nothing waits longer than the hold', () => {
  fc.assert(
    fc.property(options, schedule, (settings, ops) => {
      const judge = new Judge()
      const arrival = new Arrival<string>({ ...settings, startWallMs: START, gaps: true }, judge)
      for (const op of ops) judge.play(arrival, op)
      judge.pass(arrival, 200_000)
      expect(judge.faults(arrival)).toEqual([])
    }),
    { numRuns: 200 },
  )
})

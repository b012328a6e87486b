import { expect, it } from 'vitest'
import { Cuts } from './cuts.js'

it('aborts all that were added, and those that are added later at once', () => {
  const cuts = new Cuts()
  const [one, other, gone] = [cuts.add(), cuts.add(), cuts.add()]
  one.abort()
  expect([cuts.aborted, other.signal.aborted]).toEqual([false, false])
  cuts.abort(gone)
  expect([cuts.aborted, other.signal.aborted, cuts.add().signal.aborted]).toEqual([true, true, true])
  expect(gone.signal.aborted).toBe(false)
})

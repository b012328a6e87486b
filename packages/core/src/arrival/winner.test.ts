import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Contender, newer } from './winner.js'

const value = (source: string | undefined, seq: number, timeMs: number): Contender => ({ source, seq, timeMs })

describe('newer (R46)', () => {
  it.each([
    ['a higher seq of the same source', value('p', 11, 0), value('p', 10, 0), true],
    ['a lower seq of the same source', value('p', 9, 0), value('p', 10, 0), false],
    ['the same message again', value('p', 10, 0), value('p', 10, 0), false],
    ['a higher seq, though its clock says otherwise', value('p', 11, 5), value('p', 10, 9), true],
    ['a later time of another source, whatever the seq', value('q', 1, 9), value('p', 10, 5), true],
    ['an earlier time of another source', value('q', 99, 4), value('p', 10, 5), false],
    ['the same ms of a higher source', value('q', 1, 5), value('p', 10, 5), true],
    ['the same ms of a lower source', value('p', 10, 5), value('q', 1, 5), false],
    ['a later foreign one', value(undefined, 0, 6), value('p', 10, 5), true],
    ['a foreign one of the same ms as ours', value(undefined, 0, 5), value('p', 10, 5), false],
    ['ours of the same ms as a foreign one', value('p', 10, 5), value(undefined, 0, 5), true],
    ['the next foreign one of the same ms', value(undefined, 0, 5), value(undefined, 0, 5), true],
  ])('%s', (_what, a, b, wins) => {
    expect(newer(a, b)).toBe(wins)
  })

  it('readers that saw the same messages agree, whatever the order they came in', () => {
    const message = fc.record({ source: fc.constantFrom('p', 'q', 'r'), seq: fc.nat(20) })
    const stamped = message.map(({ source, seq }) => value(source, seq, seq * 3 + (source === 'q' ? -7 : 0)))
    const orders = fc.array(stamped, { minLength: 1 }).chain((all) => fc.tuple(fc.constant(all), shuffled(all)))
    const winner = (all: readonly Contender[]) => all.reduce((best, one) => (newer(one, best) ? one : best))
    fc.assert(
      fc.property(orders, ([one, other]) => {
        expect(winner(one)).toEqual(winner(other))
      }),
    )
  })
})

function shuffled<T>(all: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...all], { minLength: all.length })
}

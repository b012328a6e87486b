import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bar } from './bar.js'
import { readDays } from './prices.js'
import { differences, Tally } from './proof.js'
import { printsOf } from './ticks.js'

const OF = 120
const bars: readonly Bar[] = readDays(new URL('../data/stocks.csv.gz', import.meta.url)).flatMap(({ bars }) => [
  ...bars.values(),
])
const ticks = fc.tuple(fc.constantFrom(...bars), fc.integer({ min: 0, max: 2 ** 31 })).map(([real, seed]) => ({
  real,
  ticks: printsOf(real, OF, seed).map((print, at) => ({ ...print, n: at + 1, of: OF })),
}))
const place = fc.integer({ min: 1, max: OF - 2 })

function tallyOf(all: readonly { n: number; of: number; price: number; size: number }[]): Tally {
  const tally = new Tally()
  for (const tick of all) tally.add(tick)
  return tally
}

describe('the proof', () => {
  it('shows one lost tick, by number and by volume', () => {
    fc.assert(
      fc.property(ticks, place, ({ real, ticks }, at) => {
        fc.pre((ticks[at]?.size ?? 0) > 0)
        const tally = tallyOf(ticks.filter((_, index) => index !== at))
        expect([tally.lost, tally.doubled, tally.complete]).toEqual([1, 0, false])
        expect(differences(tally.bar, real)).toContain('volume')
      }),
    )
  })

  it('shows one doubled tick, by number and by volume', () => {
    fc.assert(
      fc.property(ticks, place, ({ real, ticks }, at) => {
        fc.pre((ticks[at]?.size ?? 0) > 0)
        const tally = tallyOf(ticks.flatMap((tick, index) => (index === at ? [tick, tick] : [tick])))
        expect([tally.lost, tally.doubled]).toEqual([0, 1])
        expect(differences(tally.bar, real)).toContain('volume')
      }),
    )
  })

  it('shows two ticks in the wrong order, and that none is missing', () => {
    fc.assert(
      fc.property(ticks, place, ({ ticks }, at) => {
        const [one, other] = [ticks[at], ticks[at + 1]]
        const swapped = ticks.map((tick, index) => (index === at ? other : index === at + 1 ? one : tick) ?? tick)
        const tally = tallyOf(swapped)
        expect([tally.lost, tally.doubled, tally.disordered, tally.complete]).toEqual([0, 0, 1, true])
      }),
    )
  })

  it('is not complete before the last tick', () => {
    fc.assert(
      fc.property(ticks, ({ ticks }) => {
        const tally = tallyOf(ticks.slice(0, -1))
        expect([tally.lost, tally.received, tally.expected, tally.complete]).toEqual([0, OF - 1, OF, false])
      }),
    )
  })

  it('has nothing to say of nothing', () => {
    const tally = new Tally()
    expect([tally.bar, tally.received, tally.expected, tally.lost, tally.complete]).toEqual([undefined, 0, 0, 0, false])
  })
})

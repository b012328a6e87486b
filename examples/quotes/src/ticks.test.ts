import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDays } from './prices.js'
import { differences, Tally } from './proof.js'
import { MIN_TICKS, printsOf } from './ticks.js'

const days = readDays(new URL('../data/stocks.csv.gz', import.meta.url))
const bars = days.flatMap(({ bars }) => [...bars.values()])
const bar = fc.constantFrom(...bars)
const count = fc.integer({ min: MIN_TICKS, max: 400 })
const seed = fc.integer({ min: 0, max: 2 ** 31 })

describe('the real days', () => {
  it('start with the first trades of Facebook and have all five tickers each', () => {
    expect(days).toHaveLength(196)
    expect(days[0]?.day).toBe('2012-05-18')
    expect(days[0]?.bars.get('FB')).toEqual({
      open: 420_500,
      high: 450_000,
      low: 380_000,
      close: 382_318,
      volume: 573_576_400,
      previous: 420_500,
    })
    for (const { bars } of days) expect([...bars.keys()].sort()).toEqual(['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT'])
  })
})

describe('a day as ticks', () => {
  it('adds up to the real open, high, low, close and volume again', () => {
    fc.assert(
      fc.property(bar, count, seed, (real, of, by) => {
        const tally = new Tally()
        printsOf(real, of, by).forEach((print, at) => {
          tally.add({ ...print, n: at + 1, of })
        })
        expect(differences(tally.bar, real)).toEqual([])
        expect(tally.complete).toBe(true)
      }),
    )
  })

  it('stays within the day, in whole numbers, and is the same for the same seed', () => {
    fc.assert(
      fc.property(bar, count, seed, (real, of, by) => {
        const prints = printsOf(real, of, by)
        expect(prints).toHaveLength(of)
        expect(prints).toEqual(printsOf(real, of, by))
        for (const { price, size } of prints) {
          expect(Number.isInteger(price) && price >= real.low && price <= real.high).toBe(true)
          expect(Number.isInteger(size) && size >= 0).toBe(true)
        }
      }),
    )
  })

  it('trades more in its first and its last tenth than in the two at noon', () => {
    fc.assert(
      fc.property(bar, fc.integer({ min: 200, max: 400 }), seed, (real, of, by) => {
        const sizes = printsOf(real, of, by).map(({ size }) => size)
        const sum = (from: number, to: number) =>
          sizes.slice(Math.floor(from * of), Math.floor(to * of)).reduce((total, size) => total + size, 0)
        expect(sum(0, 0.1) + sum(0.9, 1)).toBeGreaterThan(sum(0.4, 0.6))
      }),
    )
  })

  it('refuses a number of ticks that cannot touch all four prices', () => {
    const [some] = bars
    expect(() => some && printsOf(some, MIN_TICKS - 1, 1)).toThrow('a day needs 4 ticks, not 3')
  })
})

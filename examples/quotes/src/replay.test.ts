import { describe, expect, it } from 'vitest'
import { readDays } from './prices.js'
import { Clock, ticksOf } from './replay.js'

describe('the clock of a replay', () => {
  it('has as many ticks due as the pace says', () => {
    const clock = new Clock(0.02, 1_000)
    expect(clock.due(1_000)).toBe(0)
    expect(clock.due(1_500)).toBe(10)
    expect(clock.due(2_000)).toBe(20)
  })

  it('runs at twenty times the pace while a storm lasts, also into the next day, and then as before', () => {
    const clock = new Clock(0.02, 0)
    clock.storm(1_000, 500)
    expect(clock.due(1_250)).toBe(20 + 100)
    clock.begin(1_400)
    expect(clock.due(1_500)).toBe(40)
    expect(clock.due(2_500)).toBe(40 + 20)
  })

  it('has everything due once the day is to be finished, until the next begins', () => {
    const clock = new Clock(0.02, 0)
    clock.finish()
    expect(clock.due(10)).toBe(Infinity)
    clock.begin(100)
    expect(clock.due(150)).toBe(1)
  })
})

describe('the ticks of a day', () => {
  it('come in rows of all five tickers, numbered from 1, with the close before', () => {
    const [, second] = readDays(new URL('../data/stocks.csv.gz', import.meta.url))
    const rows = second ? ticksOf(second, 2, 50) : []
    expect(rows).toHaveLength(50)
    expect(rows[0]?.map(({ symbol }) => symbol)).toEqual(['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT'])
    expect(rows.map(([tick]) => tick?.n)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
    expect(rows[9]?.[1]).toMatchObject({ day: '2012-05-21', round: 2, n: 10, of: 50, previous: 382_318 })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pace, paced } from './pace.js'

describe('Pace', () => {
  it('lets the first go at once, and then one every 1/rate', () => {
    const pace = new Pace(100, 0)
    expect(pace.due(0)).toBe(1)
    pace.spend(1)
    expect(pace.waitMs).toBe(10)
    expect(pace.due(9.9)).toBe(0)
    expect(pace.due(10)).toBe(1)
  })

  it('never gives more than the rate and one catching up, whenever it is asked', () => {
    const steps = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), steps, (rate, gaps) => {
        const pace = new Pace(rate, 0)
        const most = Math.max(1, rate * 0.05)
        let now = 0
        let given = 0
        for (const gap of gaps) {
          now += gap
          const due = pace.due(now)
          expect(due).toBeLessThanOrEqual(most + 1e-6)
          pace.spend(due)
          given += due
        }
        expect(given).toBeLessThanOrEqual(most + (rate * now) / 1_000 + 1e-6)
      }),
    )
  })

  it('keeps the mean exactly while it is asked often enough', () => {
    const pace = new Pace(333, 0)
    let given = 0
    for (let now = 0; now <= 10_000; now += 1.7) {
      const due = pace.due(now)
      pace.spend(due)
      given += due
    }
    expect(given).toBeGreaterThanOrEqual(3_330)
    expect(given).toBeLessThanOrEqual(3_331)
  })
})

describe('paced', () => {
  it('goes on when there is room, and ends with the count', async () => {
    let underWay = 0
    let most = 0
    const sent: number[] = []
    const room = (): number => 3 - underWay
    await paced({ rate: 0, count: 20, room, signal: new AbortController().signal }, (index) => {
      sent.push(index)
      underWay += 1
      most = Math.max(most, underWay)
      setImmediate(() => {
        underWay -= 1
      })
    })
    expect(sent).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(most).toBe(3)
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    const sent: number[] = []
    await paced({ rate: 1_000, count: 0, room: () => 1, signal: stop.signal }, (index) => {
      sent.push(index)
      if (index === 4) stop.abort()
    })
    expect(sent).toEqual([0, 1, 2, 3, 4])
  })
})

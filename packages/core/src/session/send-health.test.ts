import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SendHealth } from './send-health.js'

describe('the health of a channel’s sends', () => {
  it('is lost by three failures in a row', () => {
    const health = new SendHealth()
    expect([0, 1, 2].map((at) => health.failed(at))).toEqual([false, false, true])
  })

  it('is lost when half of ten within ten seconds fail, though never three in a row', () => {
    const health = new SendHealth()
    const verdicts = Array.from({ length: 6 }, (_, at) => {
      const verdict = health.failed(at * 100)
      health.done()
      return verdict
    })
    expect(verdicts).toEqual([false, false, false, false, false, true])
  })

  it('stands a failure now and then', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 3, max: 50 }), { maxLength: 100 }), (runs) => {
        const health = new SendHealth()
        let at = 0
        for (const good of runs) {
          at += 500
          for (let n = 0; n < good; n++) health.done()
          expect(health.failed(at)).toBe(false)
        }
      }),
    )
  })

  it('is decided by the first message that is tried again', () => {
    const health = new SendHealth()
    health.recovered(0)
    expect(health.failed(1)).toBe(true)
    health.recovered(2)
    health.done()
    expect(health.failed(3)).toBe(false)
  })

  it('leaves the channel alone twice as long each time, up to five minutes and a fifth, and forgets after a quarter of an hour', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (chance) => {
        const health = new SendHealth()
        const waits = Array.from({ length: 8 }, () => health.leaveMs(1_000, chance))
        const share = 0.8 + 0.4 * chance
        expect(waits.map((ms) => Math.round(ms / share))).toEqual([
          5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
        ])
        health.recovered(2_000)
        expect(health.leaveMs(902_001, chance)).toBeCloseTo(5_000 * share)
      }),
    )
  })
})

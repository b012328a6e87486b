import { describe, expect, it } from 'vitest'
import { backoffMs, dialTimeoutMs, slowMs } from './backoff.js'

describe('waiting', () => {
  it('is full jitter under 250 ms doubling to 30 s', () => {
    const longest = [0, 1, 2, 3, 4, 7, 8, 50].map((failures) => backoffMs(failures, 1))
    expect(longest).toEqual([250, 250, 500, 1_000, 2_000, 16_000, 30_000, 30_000])
    expect(backoffMs(3, 0.25)).toBe(250)
  })

  it('may be none after a proven death, but not when it keeps failing', () => {
    expect([0, 1, 2, 20].map((failures) => backoffMs(failures, 0))).toEqual([0, 0, 50, 50])
  })

  it('adds what the engine wishes for, up to a minute', () => {
    expect(backoffMs(1, 0.5, 5_000)).toBe(5_125)
    expect(backoffMs(1, 0.5, 3_600_000)).toBe(60_125)
  })

  it('is 15 to 30 s where it was refused', () => {
    expect([slowMs(0), slowMs(1)]).toEqual([15_000, 30_000])
  })

  it('gives each dial more time than the one before, from 3 to 30 s', () => {
    expect([1, 2, 3, 4, 5, 99].map(dialTimeoutMs)).toEqual([3_000, 6_000, 12_000, 24_000, 30_000, 30_000])
  })
})

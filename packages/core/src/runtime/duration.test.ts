import { expect, it } from 'vitest'
import { type Duration, toMs } from './duration.js'

it.each<[Duration, number]>([
  [0, 0],
  [12.5, 13],
  [0.1, 1],
  ['1.005s', 1_005],
  ['500ms', 500],
  ['1.5s', 1_500],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('reads %s as %d ms', (duration, ms) => {
  expect(toMs(duration, 'timeout')).toBe(ms)
})

it.each([-1, Number.NaN, Infinity, '-5s', '5', 's', '5 s', '1e3ms', '5d', '', '5toString', null, {}])(
  'refuses %s and names the option',
  (duration) => {
    expect(() => toMs(duration as Duration, 'timeout')).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringMatching(/^timeout: /) }),
    )
  },
)

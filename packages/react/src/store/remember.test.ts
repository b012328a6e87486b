import { expect, it, vi } from 'vitest'
import { remember } from './remember.js'

const never = () => false

it('gives the same answer while the inputs are the same', () => {
  const make = vi.fn((value: number) => ({ value }))
  const read = remember(make)
  const first = read(never, NaN)
  expect(read(never, NaN)).toBe(first)
  expect(make).toHaveBeenCalledTimes(1)
  expect(read(never, 2)).toEqual({ value: 2 })
})

it('keeps an answer that is no news, and makes it once per input', () => {
  const make = vi.fn((value: number) => ({ even: value % 2 === 0 }))
  const read = remember(make)
  const same = (before: { even: boolean }, now: { even: boolean }) => before.even === now.even
  const first = read(same, 2)
  expect(read(same, 4)).toBe(first)
  expect(read(same, 4)).toBe(first)
  expect(make).toHaveBeenCalledTimes(2)
  expect(read(same, 5)).toEqual({ even: false })
})

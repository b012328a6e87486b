import { expect, it, vi } from 'vitest'
import { createMemory } from './memory.js'

it('gives the same answer while the inputs are the same', () => {
  const read = createMemory<{ value: number }>()
  const make = vi.fn((value: number) => ({ value }))
  const first = read([NaN, 'a'], () => make(1))
  expect(read([NaN, 'a'], () => make(1))).toBe(first)
  expect(make).toHaveBeenCalledTimes(1)
  expect(read([NaN, 'b'], () => make(2))).toEqual({ value: 2 })
})

it('keeps an answer that is no news, and makes it once per input', () => {
  const read = createMemory<{ even: boolean }>()
  const make = vi.fn((value: number) => ({ even: value % 2 === 0 }))
  const same = (before: { even: boolean }, now: { even: boolean }) => before.even === now.even
  const first = read([2], () => make(2), same)
  expect(read([4], () => make(4), same)).toBe(first)
  expect(read([4], () => make(4), same)).toBe(first)
  expect(make).toHaveBeenCalledTimes(2)
  expect(read([5], () => make(5), same)).toEqual({ even: false })
})

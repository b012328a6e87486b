import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LINGER_MS, shared } from './shared.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function counted() {
  const stop = vi.fn()
  const start = vi.fn(() => stop)
  return { start, stop, hold: shared(start) }
}

it('starts with the first holder and stops one linger after the last', () => {
  const { start, stop, hold } = counted()
  const [first, second] = [hold(), hold()]
  expect(start).toHaveBeenCalledTimes(1)
  first()
  vi.advanceTimersByTime(10 * LINGER_MS)
  expect(stop).not.toHaveBeenCalled()
  second()
  vi.advanceTimersByTime(LINGER_MS - 1)
  expect(stop).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(stop).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})

it('goes on for who comes back within the linger', () => {
  const { start, stop, hold } = counted()
  hold()()
  vi.advanceTimersByTime(LINGER_MS - 1)
  const letGo = hold()
  vi.advanceTimersByTime(10 * LINGER_MS)
  expect(start).toHaveBeenCalledTimes(1)
  expect(stop).not.toHaveBeenCalled()
  letGo()
  vi.advanceTimersByTime(LINGER_MS)
  expect(stop).toHaveBeenCalledTimes(1)
})

it('starts anew after it stopped', () => {
  const { start, stop, hold } = counted()
  hold()()
  vi.advanceTimersByTime(LINGER_MS)
  hold()()
  vi.advanceTimersByTime(LINGER_MS)
  expect([start.mock.calls.length, stop.mock.calls.length]).toEqual([2, 2])
})

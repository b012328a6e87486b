import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLater } from './flush.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** An animation frame each 16 ms while the page is visible, as browsers give them. */
function page(): { visible: boolean } {
  const state = { visible: true }
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(() => state.visible && run(), 16))
  vi.stubGlobal('cancelAnimationFrame', (handle: number) => clearTimeout(handle))
  return state
}

it('runs the same work once per frame, however often it is asked for', () => {
  page()
  const work = vi.fn()
  const later = createLater(() => 'frame')
  for (let at = 0; at < 1000; at++) later(work)
  vi.advanceTimersByTime(15)
  expect(work).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(work).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1000)
  expect(work).toHaveBeenCalledTimes(1)
})

it('runs all that was asked for in one pass, and what is asked for meanwhile in the next', () => {
  page()
  const order: string[] = []
  const later = createLater(() => 'frame')
  later(() => {
    order.push('first')
    later(() => order.push('third'))
  })
  later(() => order.push('second'))
  vi.advanceTimersByTime(16)
  expect(order).toEqual(['first', 'second'])
  vi.advanceTimersByTime(16)
  expect(order).toEqual(['first', 'second', 'third'])
})

it('goes on at 4 a second while the page is hidden and has no frames, also when it was hidden in the middle of a wait', () => {
  const state = page()
  const work = vi.fn()
  const later = createLater(() => 'frame')
  later(work)
  state.visible = false
  vi.advanceTimersByTime(250)
  expect(work).toHaveBeenCalledTimes(1)
  later(work)
  vi.advanceTimersByTime(249)
  expect(work).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1)
  expect(work).toHaveBeenCalledTimes(2)
  expect(vi.getTimerCount()).toBe(0)
})

it('keeps to the rate in hz', () => {
  const work = vi.fn()
  const later = createLater(() => ({ hz: 5 }))
  for (let ms = 0; ms < 1000; ms += 10) {
    later(work)
    vi.advanceTimersByTime(10)
  }
  expect(work).toHaveBeenCalledTimes(5)
})

it('runs in a microtask', async () => {
  const work = vi.fn()
  const later = createLater(() => 'microtask')
  later(work)
  later(work)
  expect(work).not.toHaveBeenCalled()
  await Promise.resolve()
  expect(work).toHaveBeenCalledTimes(1)
})

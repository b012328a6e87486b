import type { Delivery } from '@spanwire/driver'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parcel } from '../../test/parcel.js'
import { Hold, type Terms } from './hold.js'

const terms = (more: Partial<Terms<Delivery>> = {}): Terms<Delivery> => ({
  leaseMs: 100,
  takesBack: true,
  async settle(_delivery, _how, release) {
    release()
  },
  extend: () => Promise.resolve(),
  giveBack: () => undefined,
  ...more,
})

describe('Hold', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('lets go of each when its lease is over, and of an extended one later', () => {
    let freed = 0
    const hold = new Hold(terms(), () => freed++)
    const [first, second] = [parcel(5), parcel(5)]
    const now = performance.now()
    hold.add(first, now)
    hold.add(second, now)
    hold.add(first, now + 100)
    vi.advanceTimersByTime(101)
    expect([hold.has(first), hold.has(second), hold.count, hold.bytes, freed]).toEqual([true, false, 1, 5, 1])
    vi.advanceTimersByTime(100)
    expect([hold.count, hold.bytes, freed]).toEqual([0, 0, 2])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('tells the engine of each whose lease is over', () => {
    const over: [number, string][] = []
    const hold = new Hold(terms({ giveBack: ({ body }, why) => over.push([body.length, why]) }), () => undefined)
    for (const bytes of [1, 2]) hold.add(parcel(bytes))
    vi.advanceTimersByTime(101)
    expect(over).toEqual([
      [1, 'expired'],
      [2, 'expired'],
    ])
    expect([hold.count, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('settles only once, and only what is ours', async () => {
    const hold = new Hold(terms(), () => undefined)
    const one = parcel()
    hold.add(one, performance.now())
    await hold.settle(one, 'ack')
    await expect(hold.settle(one, 'ack')).rejects.toMatchObject({ code: 'conflict' })
    await expect(hold.extend(one)).rejects.toMatchObject({ code: 'conflict' })
  })

  it.each([
    ['given back', true, 1],
    ['let go', false, 0],
  ])('is idle when the last is settled, or %s at the abort', async (_, takesBack, expected) => {
    let returned = 0
    const hold = new Hold(
      terms({ takesBack, giveBack: (_, why) => (returned += why === 'unused' ? 1 : 0) }),
      () => undefined,
    )
    const [first, second] = [parcel(5), parcel(5)]
    for (const one of [first, second]) hold.add(one, performance.now())
    const abort = new AbortController()
    const idle = hold.idle(abort.signal)
    hold.release(first)
    abort.abort()
    await idle
    expect([returned, hold.count]).toEqual([expected, 0])
  })
})

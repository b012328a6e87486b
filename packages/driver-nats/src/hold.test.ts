import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NatsDelivery } from './delivery.js'
import { Hold } from './hold.js'

const parcel = (): NatsDelivery => ({ body: new Uint8Array(5) }) as unknown as NatsDelivery

describe('Hold', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('lets go of each when its lease is over, and of an extended one later', () => {
    let freed = 0
    const hold = new Hold(() => freed++)
    const [first, second] = [parcel(), parcel()]
    const now = performance.now()
    hold.add(first, now + 100)
    hold.add(second, now + 100)
    hold.add(first, now + 200)
    vi.advanceTimersByTime(101)
    expect([hold.has(first), hold.has(second), hold.count, hold.bytes, freed]).toEqual([true, false, 1, 5, 1])
    vi.advanceTimersByTime(100)
    expect([hold.count, hold.bytes, freed]).toEqual([0, 0, 2])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says only once that a delivery was ours', () => {
    const hold = new Hold(() => undefined)
    const one = parcel()
    hold.add(one, Number.POSITIVE_INFINITY)
    expect([hold.release(one), hold.release(one)]).toEqual([true, false])
  })

  it('is idle when the last is settled, or given back at the abort', async () => {
    const hold = new Hold(() => undefined)
    const [first, second] = [parcel(), parcel()]
    for (const one of [first, second]) hold.add(one, Number.POSITIVE_INFINITY)
    const abort = new AbortController()
    const returned: NatsDelivery[] = []
    const idle = hold.idle(abort.signal, (rest) => returned.push(...rest))
    hold.release(first)
    abort.abort()
    await idle
    expect(returned).toEqual([second])
  })
})

import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { limitedBy } from './limit.js'

describe('limitedBy', () => {
  it('is aborted as the first of its signals is, with the reason, and listens to none from then on', () => {
    const [one, other] = [new AbortController(), new AbortController()]
    const { signal } = limitedBy([one.signal, other.signal], 60_000)
    expect(signal.aborted).toBe(false)
    other.abort('enough')
    expect(signal).toMatchObject({ aborted: true, reason: 'enough' })
    expect(getEventListeners(one.signal, 'abort')).toEqual([])
  })

  it('is aborted from the start where one of them was', () => {
    const living = new AbortController()
    expect(limitedBy([living.signal, AbortSignal.abort('over')]).signal).toMatchObject({
      aborted: true,
      reason: 'over',
    })
    expect(getEventListeners(living.signal, 'abort')).toEqual([])
  })

  it('is aborted when its time is over', async () => {
    const { signal } = limitedBy([], 1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('listens to nothing and is not aborted any more once it is lifted', () => {
    const living = new AbortController()
    const { signal, lift } = limitedBy([living.signal], 60_000)
    lift()
    expect(getEventListeners(living.signal, 'abort')).toEqual([])
    living.abort()
    expect(signal.aborted).toBe(false)
  })
})

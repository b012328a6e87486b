import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Runtime } from './runtime.js'
import { virtualRuntime } from './virtual.js'
import { type Deadline, Deadlines } from './wheel.js'

const HOUR_MS = 3_600_000

describe('deadlines', () => {
  it('fire at their time or up to 10 ms later, once', async () => {
    const runtime = virtualRuntime()
    const deadlines = new Deadlines(runtime)
    const fired: number[] = []
    for (const at of [5_000, 0, 9.5, 12, 640, 641, 41_000, 30_000, -7]) {
      deadlines.add(at, () => {
        expect(runtime.now() - Math.max(0, at)).toBeGreaterThanOrEqual(0)
        expect(runtime.now() - Math.max(0, at)).toBeLessThanOrEqual(10)
        fired.push(at)
      })
    }
    expect(fired).toEqual([])
    await runtime.advance(60_000)
    expect(fired.toSorted((a, b) => a - b)).toEqual([-7, 0, 9.5, 12, 640, 641, 5_000, 30_000, 41_000])
    expect(deadlines.size).toBe(0)
  })

  it('need one timer while there are some, and none otherwise', async () => {
    const runtime = virtualRuntime()
    const deadlines = new Deadlines(runtime)
    const all = [30_000, 20, 5_000, 100_000].map((at) => deadlines.add(at, () => {}))
    expect(runtime.pending).toBe(1)
    await runtime.advance(10_000)
    expect(runtime.pending).toBe(1)
    for (const deadline of all) deadlines.remove(deadline)
    for (const deadline of all) deadlines.remove(deadline)
    expect(deadlines.size).toBe(0)
    expect(runtime.pending).toBe(0)
  })

  it('reach days ahead without waking up all the time', async () => {
    const virtual = virtualRuntime()
    let wakeUps = 0
    const runtime: Runtime = {
      ...virtual,
      after: (ms, callback) =>
        virtual.after(ms, () => {
          wakeUps += 1
          callback()
        }),
    }
    const deadlines = new Deadlines(runtime)
    let firedAt = 0
    deadlines.add(100 * HOUR_MS, () => {
      firedAt = virtual.now()
    })
    deadlines.add(Infinity, () => expect.fail('never'))
    await virtual.advance(100 * HOUR_MS + 10)
    expect(firedAt).toBe(100 * HOUR_MS)
    expect(wakeUps).toBeLessThan(20)
    expect(deadlines.size).toBe(1)
  })

  it('go on when a callback throws', async () => {
    const runtime = virtualRuntime()
    const deadlines = new Deadlines(runtime)
    const fired: number[] = []
    deadlines.add(10, () => void fired.push(1))
    deadlines.add(10, () => {
      throw new Error('a bug')
    })
    deadlines.add(10, () => void fired.push(2))
    deadlines.add(20, () => void fired.push(3))
    await expect(runtime.advance(10)).rejects.toThrow('a bug')
    await runtime.advance(10)
    expect(fired.toSorted((a, b) => a - b)).toEqual([1, 2, 3])
  })

  it('fire also when a coarse and a fine slot begin at the same time', async () => {
    const runtime = virtualRuntime()
    const deadlines = new Deadlines(runtime)
    const fired: string[] = []
    deadlines.add(640, () => void fired.push('from far'))
    deadlines.add(30, () => void deadlines.add(640, () => void fired.push('from near')))
    await runtime.advance(640)
    expect(fired.toSorted()).toEqual(['from far', 'from near'])
  })

  it('keep time whatever is added, taken back, and done out of a callback', async () => {
    const action = fc.record({
      passMs: fc.oneof(fc.nat(30), fc.nat(5_000), fc.nat(200_000)),
      aheadMs: fc.oneof(
        fc.double({ min: -50, max: 100, noNaN: true }),
        fc.nat(2_000),
        fc.nat(100_000),
        fc.nat(50 * HOUR_MS),
      ),
      /** How many actions later it is taken back, if it has not fired. */
      removeAfter: fc.option(fc.nat(4), { nil: undefined }),
      /** A deadline that its callback adds. */
      thenMs: fc.option(fc.nat(3_000), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const runtime = virtualRuntime()
        const deadlines = new Deadlines(runtime)
        const open = new Map<Deadline, number>()
        const removals: (Deadline | undefined)[][] = Array.from({ length: actions.length + 5 }, () => [])
        const add = (aheadMs: number, thenMs?: number): Deadline => {
          const notBefore = Math.max(runtime.now(), runtime.now() + aheadMs)
          const deadline = deadlines.add(runtime.now() + aheadMs, () => {
            expect(open.delete(deadline)).toBe(true)
            expect(runtime.now()).toBeGreaterThanOrEqual(notBefore - 1e-6)
            expect(runtime.now()).toBeLessThanOrEqual(notBefore + 20)
            if (thenMs !== undefined) add(thenMs)
          })
          open.set(deadline, notBefore)
          return deadline
        }
        for (const [index, { passMs, aheadMs, removeAfter, thenMs }] of actions.entries()) {
          const deadline = add(aheadMs, thenMs)
          if (removeAfter !== undefined) removals[index + removeAfter]?.push(deadline)
          await runtime.advance(passMs)
          for (const one of removals[index] ?? []) {
            if (!one) continue
            open.delete(one)
            deadlines.remove(one)
          }
          for (const due of open.values()) expect(due).toBeGreaterThan(runtime.now() - 20)
          expect(deadlines.size).toBe(open.size)
          expect(runtime.pending).toBe(open.size > 0 ? 1 : 0)
        }
      }),
      { numRuns: 60 },
    )
  })
})

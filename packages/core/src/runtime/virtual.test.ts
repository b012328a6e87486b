import { describe, expect, it } from 'vitest'
import { virtualRuntime } from './virtual.js'

describe('virtual time', () => {
  it('stands still until it is told to go on, then fires in order, each at its time', async () => {
    const runtime = virtualRuntime()
    const seen: [string, number][] = []
    const note = (name: string) => () => void seen.push([name, runtime.now()])
    runtime.after(20, note('b'))
    runtime.after(10, note('a'))
    runtime.after(20, note('c'))
    runtime.turn(note('turn'))
    const cancel = runtime.after(15, note('never'))
    cancel()
    cancel()
    expect(seen).toEqual([])
    await runtime.advance(19.5)
    expect(seen.map(([name]) => name)).toEqual(['turn', 'a'])
    await runtime.advance(0.5)
    expect(seen.slice(2)).toEqual([
      ['b', 20],
      ['c', 20],
    ])
    expect(runtime.pending).toBe(0)
    expect(runtime.wall() - virtualRuntime().wall()).toBe(20)
  })

  it('does not go on before what needs no time is done', async () => {
    const runtime = virtualRuntime()
    const at: number[] = []
    const hop = async (left: number): Promise<unknown> =>
      left > 0 ? Promise.resolve(left - 1).then(hop) : runtime.after(1, () => void at.push(runtime.now()))
    runtime.after(1, () => void hop(500))
    await runtime.advance(100)
    expect(at).toEqual([2])
  })

  it('throws the same dice for the same seed', () => {
    const throws = (seed: number) => {
      const runtime = virtualRuntime(seed)
      return Array.from({ length: 5 }, () => runtime.random())
    }
    expect(throws(7)).toEqual(throws(7))
    expect(throws(7)).not.toEqual(throws(8))
    expect(virtualRuntime(7).bytes(16)).toEqual(virtualRuntime(7).bytes(16))
  })

  it('throws even dice', () => {
    for (const seed of [0, 1, 2, 12_345]) {
      const runtime = virtualRuntime(seed)
      const buckets = Array.from({ length: 10 }, () => 0)
      for (let at = 0; at < 10_000; at++) {
        const bucket = Math.floor(runtime.random() * 10)
        buckets[bucket] = (buckets[bucket] ?? 0) + 1
      }
      expect(Math.min(...buckets)).toBeGreaterThan(850)
      expect(Math.max(...buckets)).toBeLessThan(1_150)
    }
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Sources } from './forget.js'

interface State {
  readonly source: string
  timeMs: number
}

const HOUR = 3_600_000
const NOW = 1_000_000_000_000

function table(max: number, options: { maxFuture?: number; wall?: () => number } = {}) {
  const evicted: string[] = []
  const sources = new Sources<State>({
    max,
    maxFuture: options.maxFuture ?? 1_000,
    wall: options.wall ?? (() => NOW),
    evict: ({ source }) => evicted.push(source),
  })
  const add = (source: string, timeMs: number): State => {
    const state = { source, timeMs }
    sources.add(state)
    return state
  }
  return { sources, evicted, add }
}

describe('Sources (R28)', () => {
  it('forgets the one with the lowest last message, and remembers when that was', () => {
    const { sources, evicted, add } = table(2)
    const a = add('a', 10)
    add('b', 20)
    a.timeMs = 30
    add('c', 5_000)
    expect(evicted).toEqual(['b'])
    expect(sources.get('b')).toBeUndefined()
    expect(sources.get('a')).toBe(a)
    expect(sources.forgottenMs).toBe(20)
  })

  it('forgets one that comes in below all others at once', () => {
    const { sources, evicted, add } = table(1)
    add('a', 20)
    add('b', 10)
    expect(evicted).toEqual(['b'])
    expect(sources.forgottenMs).toBe(10)
  })

  it('forgets whom a model that sorts all of them forgets', () => {
    const step = fc.record({ source: fc.nat(30), timeMs: fc.nat(1_000) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const { sources, evicted, add } = table(8)
        const model = new Map<string, number>()
        const forgotten: string[] = []
        steps.forEach((one, n) => {
          // Unique stamps: who goes first among equals is nobody's business.
          const source = `${one.source}`
          const timeMs = one.timeMs + n / 1_000
          const state = sources.get(source)
          if (state) state.timeMs = Math.max(state.timeMs, timeMs)
          else add(source, timeMs)
          model.set(source, Math.max(model.get(source) ?? 0, timeMs))
          const [oldest] = [...model].sort((a, b) => a[1] - b[1])
          if (model.size > 8 && oldest) {
            model.delete(oldest[0])
            forgotten.push(oldest[0])
          }
          expect([...sources.all.values()].map((known) => known.source).sort()).toEqual([...model.keys()].sort())
        })
        expect(evicted).toEqual(forgotten)
      }),
    )
  })

  it('sources more than an hour ahead share a quota and do not raise forgotten', () => {
    const { sources, evicted, add } = table(100, { maxFuture: 2 })
    add('now', NOW)
    for (let n = 1; n <= 4; n++) add(`f${n}`, NOW + 2 * HOUR + n)
    expect(evicted).toEqual(['f1', 'f2'])
    expect(sources.forgottenMs).toBe(-1)
    expect(sources.all.size).toBe(3)
  })

  it('a source from the future is like all others once time has caught up with it', () => {
    let now = NOW
    const { sources, evicted, add } = table(100, { maxFuture: 1, wall: () => now })
    add('f1', NOW + 2 * HOUR)
    now += 3 * HOUR
    add('f2', now + 2 * HOUR)
    add('f3', now + 3 * HOUR)
    expect(evicted).toEqual(['f2'])
    expect(sources.get('f1')).toBeDefined()
  })

  it('a clock that runs off later does not raise forgotten either', () => {
    const { sources, evicted, add } = table(2)
    const a = add('a', NOW)
    const b = add('b', NOW + 1)
    a.timeMs = NOW + 5 * HOUR
    b.timeMs = NOW + 6 * HOUR
    add('c', NOW + 2)
    expect(evicted).toEqual(['c'])
    expect(sources.forgottenMs).toBe(NOW + 2)
    add('d', NOW + 3)
    expect(sources.forgottenMs).toBe(NOW + 3)
  })

  it('who said goodbye is forgotten when no replay reaches back that far', () => {
    let now = NOW
    const { sources, evicted, add } = table(100, { wall: () => now })
    sources.end(add('gone', NOW))
    add('a', NOW)
    expect(evicted).toEqual([])
    now += 600_000
    add('b', now)
    expect(evicted).toEqual(['gone'])
    expect(sources.forgottenMs).toBe(NOW)
    expect(sources.all.size).toBe(2)
  })

  it('stays within its bound over a hundred thousand one-message publishers that say goodbye', () => {
    let now = NOW
    const { sources, evicted, add } = table(1_000, { wall: () => now })
    for (let n = 0; n < 100_000; n++) {
      now += 1_000
      sources.end(add(`p${n}`, now))
    }
    expect(sources.all.size).toBeLessThanOrEqual(1_000)
    expect(evicted.length + sources.all.size).toBe(100_000)
    expect(sources.forgottenMs).toBe(now - 600_000)
  })
})

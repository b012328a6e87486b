import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { each, Window } from './window.js'

describe('Window (R29)', () => {
  it('judges new, late and duplicate', () => {
    const window = new Window()
    expect([1, 3, 2, 2, 3].map((seq) => window.verdict(seq))).toEqual(['new', 'new', 'late', 'duplicate', 'duplicate'])
  })

  it('first sight far up: all below is one interval, exact from then on', () => {
    const window = new Window()
    window.verdict(1_000_000)
    expect(window.missing(1, 1_000_000)).toEqual([1, 999_999])
    expect([1, 500, 999_936, 999_937, 999_999, 500].map((seq) => window.verdict(seq))).toEqual([
      'late',
      'late',
      'late',
      'late',
      'late',
      'duplicate',
    ])
    expect(window.missing(1, 600)).toEqual([2, 499, 501, 600])
    expect(window.floor).toBe(0)
  })

  it('asks the list first: a hole is exact however far back it lies', () => {
    const window = new Window()
    for (let seq = 1; seq <= 500_000; seq++) if (seq !== 777) window.verdict(seq)
    expect([776, 777, 777, 778].map((seq) => window.verdict(seq))).toEqual([
      'duplicate',
      'late',
      'duplicate',
      'duplicate',
    ])
  })

  it('the bitmap grows when the list is full: 30,000 alternate holes are exact', () => {
    const window = new Window()
    for (let seq = 1; seq <= 60_000; seq += 2) window.verdict(seq)
    expect(window.floor).toBe(0)
    for (let seq = 2; seq <= 60_000; seq += 2) expect(window.verdict(seq)).toBe(seq === 60_000 ? 'new' : 'late')
    expect(window.missing(1, 60_000)).toEqual([])
  })

  it('no hole is lost at the seams, when the bitmap grows and when it is restored', () => {
    for (const hole of [0, 1, 2]) {
      let window = new Window()
      for (let seq = 1; seq <= 3_000; seq++) {
        if (seq % 3 !== hole) window.verdict(seq)
        if (seq % 101 === 0) window = Window.restore(window.save([]))
      }
      for (let seq = 1; seq < 3_000; seq++) expect(window.verdict(seq)).toBe(seq % 3 === hole ? 'late' : 'duplicate')
    }
  })

  it('a full list drops its lowest interval, says so, and raises the floor', () => {
    const window = new Window()
    const all: number[] = []
    for (let seq = 1; seq <= 400_000; seq += 2_000) all.push(seq)
    const lost: number[] = []
    for (const seq of all) {
      window.verdict(seq)
      lost.push(...(window.lost ?? []))
      window.lost = undefined
    }
    expect(window.floor).toBeGreaterThan(0)
    expect(lost.slice(0, 4)).toEqual([2, 2_000, 2_002, 4_000])
    expect(lost.at(-1)).toBe(window.floor)
    expect(window.verdict(1)).toBe('uncertain')
    expect(window.verdict(window.floor)).toBe('uncertain')
    expect(window.verdict(window.floor + 1)).toBe('duplicate')
    expect(window.verdict(window.floor + 2)).toBe('late')
  })

  it('holds with numbers beyond 32 bits', () => {
    const window = new Window()
    const base = 2 ** 40
    expect([base, base + 2, base + 1, base + 1].map((seq) => window.verdict(seq))).toEqual([
      'new',
      'new',
      'late',
      'duplicate',
    ])
    for (let seq = base + 3; seq < base + 500; seq += 2) window.verdict(seq)
    expect(window.missing(base, base + 8)).toEqual([base + 3 + 1, base + 4, base + 6, base + 6, base + 8, base + 8])
  })
})

type Move =
  | { readonly to: 'up' | 'back'; readonly by: number }
  | { readonly to: 'stride'; readonly by: number; readonly times: number }

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ to: fc.constant('up' as const), by: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ to: fc.constant('up' as const), by: fc.integer({ min: 1, max: 70_000 }) }) },
  { weight: 4, arbitrary: fc.record({ to: fc.constant('back' as const), by: fc.oneof(fc.nat(100), fc.nat(100_000)) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      to: fc.constant('stride' as const),
      by: fc.integer({ min: 1, max: 1_500 }),
      times: fc.integer({ min: 1, max: 90 }),
    }),
  },
)
const moves = fc.array(move, { maxLength: 120, size: 'max' })

function numbers(steps: readonly Move[]): number[] {
  const all: number[] = []
  let high = 0
  for (const step of steps) {
    if (step.to === 'back') all.push(Math.max(1, high - step.by))
    else for (let n = 1; n <= (step.to === 'stride' ? step.times : 1); n++) all.push(high + n * step.by)
    high = Math.max(high, all.at(-1) ?? 0)
  }
  return all
}

describe('Window against a set', () => {
  it('is never wrong, and uncertain only at or below the floor', () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const window = new Window()
        const seen = new Set<number>()
        for (const seq of numbers(steps)) {
          const expected = seq > window.high ? 'new' : seen.has(seq) ? 'duplicate' : 'late'
          const verdict = window.verdict(seq)
          seen.add(seq)
          if (verdict === 'uncertain' ? seq > window.floor : verdict !== expected)
            throw new Error(`${seq}: ${verdict}, not ${expected}`)
        }
        check(window, seen)
      }),
      { numRuns: 100 },
    )
  })

  it('is the same after save and restore, with what was taken back', () => {
    fc.assert(
      fc.property(moves, fc.nat(40), (steps, back) => {
        const window = new Window()
        const all = numbers(steps)
        for (const seq of all) window.verdict(seq)
        const unseen = [...new Set(all.slice(all.length - back))]
          .filter((seq) => seq > window.floor)
          .sort((a, b) => a - b)
        const restored = Window.restore(JSON.parse(JSON.stringify(window.save(unseen))))
        const seen = new Set(all.filter((seq) => !unseen.includes(seq)))
        expect(restored.high).toBe(window.high)
        check(restored, seen)
      }),
      { numRuns: 60 },
    )
  })
})

/** Around the ends and the holes, where the mistakes would be. */
function check(window: Window, seen: ReadonlySet<number>): void {
  for (const around of [1, window.floor, window.high - 65_536, window.high - 64, window.high]) {
    const first = Math.max(1, around - 100)
    const missing = new Set<number>()
    each(window.missing(first, around + 100), (from, to) => {
      for (let seq = from; seq <= to; seq++) missing.add(seq)
    })
    for (let seq = first; seq <= around + 100; seq++) {
      if (seq <= window.floor ? missing.has(seq) : missing.has(seq) === seen.has(seq))
        throw new Error(`missing is wrong about ${seq}`)
      if (seq > window.floor && window.seen(seq) !== seen.has(seq)) throw new Error(`seen is wrong about ${seq}`)
    }
  }
}

import { describe, expect, it } from 'vitest'
import { Rig, START } from './rig.js'

describe('R26: first sight', () => {
  it.each(['strict', 'arrival', 'newest'] as const)('is given at once (%s)', (order) => {
    expect(new Rig({ order }).take(500)).toEqual(['p:500'])
  })

  it('what lies below is optional: given late if it comes, never missed if it does not', () => {
    for (const order of ['strict', 'arrival'] as const) {
      const rig = new Rig({ order })
      rig.take(500)
      expect(rig.take({ seq: 7, timeMs: START - 1 })).toEqual(['p:7 late'])
      expect(rig.pass(100_000)).toEqual([])
    }
  })
})

describe('R27: what is owed', () => {
  it('begins with the lowest first attempt from the start on', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take({ seq: 5, timeMs: START - 2 }, { seq: 8, timeMs: START + 8 })
    expect(rig.pass(10_000)).toEqual([])
    // Later than the one above it, but published after the start as well: 7 is owed from now on.
    rig.take({ seq: 6, timeMs: START + 6 })
    expect(rig.pass(9_999)).toEqual([])
    expect(rig.pass(1)).toEqual(['gap p:7-7 missing'])
  })

  it('does not begin with a copy that is sent again', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take({ seq: 5, again: true }, { seq: 8, again: true })
    expect(rig.pass(100_000)).toEqual([])
    rig.take(9)
    rig.take(11)
    expect(rig.pass(10_000)).toEqual(['gap p:10-10 missing'])
  })

  it('begins after a mark from the start on', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.mark(20, START)
    expect(rig.take(23)).toEqual(['p:23'])
    expect(rig.pass(10_000)).toEqual(['gap p:21-22 missing'])
    expect(rig.take(19)).toEqual(['p:19 late'])
  })

  it('does not begin with a mark from before', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.mark(20, START - 1)
    rig.take({ seq: 23, timeMs: START - 1 })
    expect(rig.pass(100_000)).toEqual([])
  })

  it('from now: old copies sent again are dropped and counted, first attempts never', () => {
    const rig = new Rig()
    const old = START - 5_001
    expect(rig.take({ seq: 1, timeMs: old, again: true })).toEqual([])
    expect(rig.take({ seq: 2, timeMs: START - 4_999, again: true })).toEqual(['p:2 again'])
    expect(rig.take({ seq: 1, timeMs: old })).toEqual(['p:1 late'])
    expect(rig.arrival.stats).toMatchObject({ received: 3, dropped: 1, duplicates: 0 })
  })

  it('from now: an old copy of what is owed is given', () => {
    const rig = new Rig()
    rig.mark(3, START)
    // Sent before the start, and not settled by then.
    const old = { timeMs: START - 6_000, again: true }
    expect(rig.take({ seq: 3, ...old }, { seq: 4, ...old })).toEqual(['p:4 again'])
  })

  it("from now: what was sent after something that we were there for is given, by whoever's clock", () => {
    // Our clock was an hour ahead when we began.
    const stamp = (ms: number) => START - 3_600_000 + ms
    const rig = new Rig()
    rig.take({ seq: 7, timeMs: stamp(0) })
    expect(rig.take({ seq: 6, timeMs: stamp(-1), again: true })).toEqual([])
    expect(rig.take({ seq: 8, timeMs: stamp(1), again: true })).toEqual(['p:8 again'])
    rig.mark(20, stamp(2), 'q')
    expect(rig.take({ source: 'q', seq: 20, timeMs: stamp(1), again: true })).toEqual([])
    expect(rig.take({ source: 'q', seq: 21, timeMs: stamp(3), again: true })).toEqual(['q:21 again'])
    expect(rig.pass(100_000)).toEqual([])
  })

  it('from elsewhere: nothing is dropped', () => {
    const rig = new Rig({ fromNow: false })
    expect(rig.take({ seq: 1, timeMs: START - 100_000, again: true })).toEqual(['p:1 again'])
  })
})

describe('R28: forgetting', () => {
  const small = { limits: { sources: 2 }, order: 'arrival' as const, fromNow: false }

  it('an unknown source that is not newer than the forgotten is uncertain, a newer one is not', () => {
    const rig = new Rig(small)
    rig.take({ source: 'a', seq: 1, timeMs: START + 1 }, { source: 'b', seq: 1, timeMs: START + 2 })
    rig.take({ source: 'c', seq: 1, timeMs: START + 3 })
    expect(rig.take({ source: 'a', seq: 1, timeMs: START + 1, again: true })).toEqual(['a:1 uncertain again'])
    expect(rig.take({ source: 'd', seq: 1, timeMs: START + 4 })).toEqual(['d:1'])
  })

  it('of a source met again only what is not newer than the forgotten is uncertain', () => {
    const rig = new Rig({ ...small, order: 'strict' })
    const a = (seq: number) => ({ source: 'a', seq, timeMs: START + seq })
    rig.take(a(1), a(2), a(3))
    rig.take({ source: 'b', seq: 1, timeMs: START + 50 }, { source: 'c', seq: 1, timeMs: START + 60 })
    expect(rig.take({ ...a(4), timeMs: START + 70 })).toEqual(['a:4'])
    expect(rig.take(a(3), a(2))).toEqual(['a:3 late uncertain', 'a:2 late uncertain'])
    expect(rig.take(a(3))).toEqual([])
  })

  it('newest drops what is uncertain', () => {
    const rig = new Rig({ ...small, order: 'newest' })
    rig.take({ source: 'a', seq: 1, timeMs: START + 1 }, { source: 'b', seq: 1, timeMs: START + 2 })
    rig.take({ source: 'c', seq: 1, timeMs: START + 3 })
    expect(rig.take({ source: 'a', seq: 1, timeMs: START + 1 })).toEqual([])
    expect(rig.arrival.stats.dropped).toBe(1)
  })

  it('gives what is held and reports what is missing before it forgets', () => {
    const rig = new Rig({ ...small, order: 'strict' })
    rig.take({ source: 'a', seq: 1, timeMs: START + 1 }, { source: 'a', seq: 3, timeMs: START + 3 })
    rig.take({ source: 'b', seq: 1, timeMs: START + 50 })
    expect(rig.take({ source: 'c', seq: 1, timeMs: START + 60 })).toEqual(['a:3', 'gap a:2-2 forgotten', 'c:1'])
    expect(rig.arrival.stats.held).toBe(0)
    expect(rig.pass(100_000)).toEqual([])
  })
})

describe('R15: voids', () => {
  it('fill a place before and behind what is known', () => {
    const rig = new Rig()
    rig.take(1)
    rig.refused(2, 4)
    expect(rig.take(5)).toEqual(['p:5'])
    rig.take(8)
    expect(rig.refused(6, 7)).toEqual(['p:8'])
    expect(rig.pass(100_000)).toEqual([])
  })

  it('show that what lies before them exists', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1)
    rig.refused(4)
    expect(rig.pass(10_000)).toEqual(['gap p:2-3 missing'])
  })

  it('close what was reported', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1, 3)
    rig.pass(10_000)
    expect(rig.refused(2)).toEqual(['closed p:2'])
    expect(rig.refused(2)).toEqual([])
    expect(rig.arrival.stats.gapsOpen).toBe(0)
  })

  it('in arrival order do not make late what comes after them', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1)
    rig.refused(3)
    expect(rig.take(2)).toEqual(['p:2'])
  })

  it('I17: a refused one that comes all the same is not given', () => {
    const rig = new Rig()
    rig.take(1)
    rig.refused(2)
    expect(rig.take(2, 3)).toEqual(['p:3'])
    expect(rig.arrival.stats.duplicates).toBe(1)
  })

  it('of unknown sources say nothing', () => {
    const rig = new Rig()
    expect(rig.refused(2)).toEqual([])
    expect(rig.take(2)).toEqual(['p:2'])
  })

  it('an endless range does not take for ever', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1)
    rig.refused(2, Number.MAX_SAFE_INTEGER)
    expect(rig.take(65_537)).toEqual([])
    expect(rig.take(65_538)).toEqual(['p:65538'])
  })
})

describe('R33: marks', () => {
  it('start the report clock, never the hold clock', () => {
    const rig = new Rig()
    rig.take(1)
    rig.mark(3)
    expect(rig.arrival.nextDeadline()).toBe(10_000)
    rig.pass(9_000)
    rig.take(5)
    // 4 is missing since now, 2-3 since the mark; what is behind them is held from now on.
    expect(rig.pass(1_000)).toEqual(['gap p:2-3 missing'])
    expect(rig.pass(1_000)).toEqual(['p:5'])
    expect(rig.pass(8_000)).toEqual(['gap p:4-4 missing'])
  })

  it('say nothing where gaps are no duty, and remember nobody for it', () => {
    const rig = new Rig({ gaps: false })
    rig.mark(3)
    expect(rig.arrival.snapshot().lanes).toEqual([])
  })

  it('an old mark changes nothing', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.mark(5, START - 1)
    rig.take(8)
    rig.mark(3, START - 1)
    expect(rig.pass(100_000)).toEqual([])
  })
})

describe('R35: reports', () => {
  it.each([
    [true, 2_000],
    [false, 10_000],
  ])('live %s: %i ms after it was noticed, once', (live, reportMs) => {
    const rig = new Rig({ live, order: 'arrival' })
    rig.take(1, 3, 6)
    expect(rig.pass(reportMs - 1)).toEqual([])
    expect(rig.pass(1)).toEqual(['gap p:2-2 missing', 'gap p:4-5 missing'])
    expect(rig.pass(100_000)).toEqual([])
    expect(rig.arrival.stats.gapsOpen).toBe(3)
  })

  it('names only what is still missing', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1, 10, 5, 8)
    expect(rig.pass(10_000)).toEqual(['gap p:2-4 missing', 'gap p:6-7 missing', 'gap p:9-9 missing'])
  })

  it('waits for a site that is away, at most 60 s', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1, 3)
    expect(rig.pass(59_999, false)).toEqual([])
    expect(rig.pass(1, false)).toEqual(['gap p:2-2 site-unreachable'])
  })

  it('goes on when the site is back', () => {
    const rig = new Rig({ order: 'arrival' })
    rig.take(1, 3)
    rig.pass(20_000, false)
    expect(rig.arrival.nextDeadline()).toBe(60_000)
    expect(rig.pass(0, true)).toEqual(['gap p:2-2 missing'])
  })

  it('an arrival afterwards closes it and is given late', () => {
    const rig = new Rig()
    rig.take(1, 3)
    rig.pass(10_000)
    expect(rig.take(2)).toEqual(['closed p:2', 'p:2 late'])
    expect(rig.take(2)).toEqual([])
    expect(rig.arrival.stats.gapsOpen).toBe(0)
  })

  it('too many open ones: the oldest is reported at once', () => {
    const rig = new Rig({ order: 'arrival', limits: { openGaps: 2 } })
    rig.take(1, 3, 5)
    expect(rig.take(7)).toEqual(['gap p:2-2 limit', 'p:7'])
    expect(rig.take(2, 4)).toEqual(['closed p:2', 'p:2 late', 'p:4 late'])
  })
})

describe('R36: our own stall', () => {
  it('moves all deadlines', () => {
    const rig = new Rig()
    rig.take(1, 3)
    rig.pass(1_500)
    // Stood still for 8 h: monotonic time went on.
    rig.now += 28_800_000
    rig.arrival.stalled(28_800_000)
    expect(rig.arrival.nextDeadline()).toBe(28_802_000)
    expect(rig.pass(499)).toEqual([])
    rig.take(5)
    expect(rig.pass(1)).toEqual(['p:3'])
    expect(rig.pass(2_000)).toEqual(['p:5'])
    expect(rig.pass(5_999)).toEqual([])
    expect(rig.pass(1)).toEqual(['gap p:2-2 missing'])
  })
})

describe('R38: no duty', () => {
  it('without gaps nothing is reported, and strict still waits', () => {
    const rig = new Rig({ gaps: false })
    rig.take(1, 3)
    expect(rig.pass(100_000)).toEqual(['p:3'])
    expect(rig.take(2)).toEqual(['p:2 late'])
  })
})

describe('R16: end', () => {
  it('a publisher that said goodbye is forgotten later, and still exact until then', () => {
    let wall = START
    const rig = new Rig({ order: 'arrival', fromNow: false, wall: () => wall })
    rig.take(1)
    rig.arrival.end('p')
    rig.arrival.end('nobody')
    expect(rig.take(1)).toEqual([])
    wall += 600_001
    rig.take({ source: 'q', seq: 1, timeMs: wall })
    expect(rig.take({ seq: 1, again: true })).toEqual(['p:1 uncertain again'])
  })
})

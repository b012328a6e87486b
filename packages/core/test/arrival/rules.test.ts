import { describe, expect, it } from 'vitest'
import { Arrival } from '../../src/arrival/arrival.js'
import { Rig, START, span } from './rig.js'

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

describe('R29: uncertain', () => {
  /** Every 2,000th message: far more holes than can be followed. */
  const sparse = span(0, 150).map((n) => n * 2_000 + 1)

  it('is given flagged, and what cannot be followed any longer is reported while it is known', () => {
    const rig = new Rig({ order: 'arrival' })
    const said = rig.take(...sparse)
    const gaps = said.filter((line) => line.startsWith('gap'))
    expect(gaps.slice(0, 2)).toEqual(['gap p:2-2000 limit', 'gap p:2002-4000 limit'])
    expect(rig.take(1, 5)).toEqual(['p:1 late uncertain', 'p:5 late uncertain'])
    expect(rig.take(300_000)).toEqual(['p:300000 late'])
    rig.pass(10_000)
    expect(rig.take(299_999)).toEqual(['closed p:299999', 'p:299999 late'])
    // Once per number: 150 holes of 1,999, less the one that came.
    const reported = rig.log.filter((line) => line.startsWith('gap')).map((line) => line.match(/(\d+)-(\d+)/) ?? [])
    expect(reported.reduce((sum, [, first, last]) => sum + Number(last) - Number(first) + 1, 0)).toBe(150 * 1_999 - 1)
  })

  it('strict does not wait for what it could not recognise', () => {
    const rig = new Rig({ gaps: false })
    const said = rig.take(...sparse)
    expect(said.length).toBeGreaterThan(50)
    expect(said).toEqual(sparse.slice(0, said.length).map((seq) => `p:${seq}`))
    rig.pass(2_000)
    expect(rig.log).toEqual(sparse.map((seq) => `p:${seq}`))
  })

  it('newest drops it', () => {
    const rig = new Rig({ order: 'newest' })
    rig.take(...sparse)
    expect(rig.take(1, 5)).toEqual([])
  })
})

describe('R30: strict', () => {
  it('gives what is next, holds what is ahead, and goes on when the hole is filled', () => {
    const rig = new Rig()
    rig.take(1)
    expect(rig.take(4, 3)).toEqual([])
    expect(rig.arrival.stats.held).toBe(2)
    expect(rig.take(2)).toEqual(['p:2', 'p:3', 'p:4'])
    expect(rig.arrival.nextDeadline()).toBeUndefined()
  })

  it('a hole has one deadline, from the first message behind it', () => {
    const rig = new Rig()
    rig.take(1, 4)
    rig.pass(1_000)
    rig.take(5, 2)
    // 3 is still missing; the deadline of the hole 2-3 stands.
    expect(rig.arrival.nextDeadline()).toBe(2_000)
    rig.take(7)
    expect(rig.pass(1_000)).toEqual(['p:4', 'p:5'])
    expect(rig.arrival.nextDeadline()).toBe(3_000)
    expect(rig.pass(1_000)).toEqual(['p:7'])
  })

  it('one source does not wait for another', () => {
    const rig = new Rig()
    rig.take(1, 3, { source: 'q', seq: 1 })
    expect(rig.take({ source: 'q', seq: 2 })).toEqual(['q:2'])
  })

  it('holds as long as it is told', () => {
    const rig = new Rig({ holdMs: 50 })
    rig.take(1, 3)
    expect(rig.pass(49)).toEqual([])
    expect(rig.pass(1)).toEqual(['p:3'])
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

describe('R31: bounds of holding', () => {
  it('a lane that holds too much gives up its oldest hole only', () => {
    const rig = new Rig({ limits: { heldMessages: 3 } })
    rig.take(1, 3)
    rig.pass(10)
    expect(rig.take(5, 6)).toEqual([])
    expect(rig.take(7)).toEqual(['p:3'])
    expect(rig.arrival.stats.held).toBe(3)
    expect(rig.take(4)).toEqual(['p:4', 'p:5', 'p:6', 'p:7'])
  })

  it('a subscription that holds too many bytes gives up its oldest hole, whosever it is', () => {
    const rig = new Rig({ limits: { heldBytes: 100 } })
    rig.take(1, { source: 'q', seq: 1 })
    rig.take({ seq: 3, bytes: 60 })
    rig.pass(10)
    expect(rig.take({ source: 'q', seq: 3, bytes: 40 })).toEqual([])
    expect(rig.take({ source: 'q', seq: 4, bytes: 10 })).toEqual(['p:3'])
    expect(rig.take({ source: 'q', seq: 5, bytes: 200 })).toEqual(['q:3', 'q:4', 'q:5'])
    expect(rig.arrival.stats.held).toBe(0)
  })

  it('16 MiB a subscription', () => {
    const rig = new Rig()
    rig.take(1)
    const mebi = span(3, 18).map((seq) => ({ seq, bytes: 2 ** 20 }))
    expect(rig.take(...mebi)).toEqual([])
    expect(rig.take({ seq: 19, bytes: 1 })).toEqual(span(3, 19).map((seq) => `p:${seq}`))
  })
})

describe('R32: newest and arrival', () => {
  it('newest gives only what is newer than the last, and misses nothing', () => {
    const rig = new Rig({ order: 'newest' })
    expect(rig.take(1, 5, 3, 5, 6)).toEqual(['p:1', 'p:5', 'p:6'])
    expect(rig.pass(100_000)).toEqual([])
    expect(rig.arrival.stats).toMatchObject({ received: 5, duplicates: 1, dropped: 1, gapsOpen: 0 })
  })

  it('arrival gives at once, lower ones flagged late', () => {
    expect(new Rig({ order: 'arrival' }).take(1, 5, 3, 3, 6)).toEqual(['p:1', 'p:5', 'p:3 late', 'p:6'])
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

describe('R34: late', () => {
  it.each(['strict', 'arrival'] as const)('is given, flagged, once (%s)', (order) => {
    const rig = new Rig({ order })
    rig.take(1, 3)
    rig.pass(2_000)
    expect(rig.take(2, 2)).toEqual(['p:2 late'])
  })

  it('copies keep their flag', () => {
    const rig = new Rig({ order: 'arrival' })
    expect(rig.take(1, { seq: 3, again: true }, { seq: 2, again: true })).toEqual([
      'p:1',
      'p:3 again',
      'p:2 late again',
    ])
    const plain = rig.given[0]?.flags
    rig.take(4)
    expect(rig.given.at(-1)?.flags).toBe(plain)
    expect(Object.isFrozen(plain)).toBe(true)
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

describe('R37: a checkpoint', () => {
  const restart = (rig: Rig, unhandled: readonly { source: string; seq: number }[] = []): Rig => {
    const snapshot = JSON.parse(JSON.stringify(rig.arrival.snapshot(unhandled)))
    const next = new Rig({ fromNow: false })
    next.arrival.restore(snapshot, next.now)
    return next
  }

  it('makes dedupe survive a restart', () => {
    const rig = new Rig()
    rig.take(...span(1, 300))
    const next = restart(rig)
    expect(next.take(...span(200, 301))).toEqual(['p:301'])
  })

  it('leaves out what was not handled yet', () => {
    const rig = new Rig()
    rig.take(...span(1, 300))
    const unhandled = span(150, 300).map((seq) => ({ source: 'p', seq }))
    const next = restart(rig, unhandled)
    expect(next.take(...span(100, 301))).toEqual(span(150, 301).map((seq) => `p:${seq}`))
  })

  it('leaves out what is held', () => {
    const rig = new Rig()
    rig.take(1, 3, 4)
    const next = restart(rig)
    expect(next.take(1, 3, 4)).toEqual([])
    expect(next.take(2)).toEqual(['p:2', 'p:3', 'p:4'])
  })

  it('still looks for what is missing', () => {
    const rig = new Rig()
    rig.take(1, 3)
    rig.pass(5_000)
    const next = restart(rig)
    expect(next.pass(10_000)).toEqual(['gap p:2-2 missing'])
    expect(next.take(2)).toEqual(['closed p:2', 'p:2 late'])
  })

  it('keeps the duty that only a mark told of', () => {
    const rig = new Rig()
    rig.mark(20)
    const next = restart(rig)
    expect(next.take(23)).toEqual(['p:23'])
    expect(next.pass(10_000)).toEqual(['gap p:21-22 missing'])
  })

  it('keeps what was forgotten', () => {
    const rig = new Rig({ limits: { sources: 1 } })
    rig.take({ source: 'a', seq: 1, timeMs: START + 1 }, { source: 'b', seq: 1, timeMs: START + 2 })
    const next = restart(rig)
    expect(next.take({ source: 'a', seq: 1, timeMs: START + 1 })).toEqual(['a:1 uncertain'])
  })

  it('takes no foreign ones along', () => {
    const rig = new Rig()
    rig.take({ source: undefined, id: 'x' })
    expect(rig.arrival.snapshot([{ source: undefined, seq: 0 }]).lanes).toEqual([])
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

describe('R39: foreign messages', () => {
  it('come as they arrive, told apart by the id of their engine', () => {
    const rig = new Rig()
    const foreign = (id?: string) => ({ source: undefined, ...(id === undefined ? {} : { id }) })
    expect(rig.take(foreign('x'), foreign('x'), foreign(), foreign())).toHaveLength(3)
    expect(rig.arrival.stats).toMatchObject({ received: 4, duplicates: 1 })
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

it('a message is handed on as it is', () => {
  const message = { any: 'thing' }
  const given: unknown[] = []
  const options = { order: 'strict', live: true, startWallMs: START, fromNow: true, gaps: true } as const
  const arrival = new Arrival<object>(options, {
    give: (one) => given.push(one),
    gap: () => given.push('gap'),
    closed: () => given.push('closed'),
  })
  arrival.take({ source: 'p', seq: 1, timeMs: START, again: false, site: 'a', bytes: 1, message }, 0)
  expect(given[0]).toBe(message)
})

import { describe, expect, it } from 'vitest'
import { Arrival } from '../../src/arrival/arrival.js'
import { Rig, START, span } from './rig.js'

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

describe('R39: foreign messages', () => {
  it('come as they arrive, told apart by the id of their engine', () => {
    const rig = new Rig()
    const foreign = (id?: string) => ({ source: undefined, ...(id === undefined ? {} : { id }) })
    expect(rig.take(foreign('x'), foreign('x'), foreign(), foreign())).toHaveLength(3)
    expect(rig.arrival.stats).toMatchObject({ received: 4, duplicates: 1 })
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

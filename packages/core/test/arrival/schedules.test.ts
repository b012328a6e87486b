import { expect, it } from 'vitest'
import { Rig, START, span } from './rig.js'

it('schedule 3: hang A, P to B, A wakes, S|B 60 s: S knows the tail within 6 s, reports at 60 s once, gets all late after the cut heals, gap-closed', () => {
  const rig = new Rig({ order: 'arrival' })
  rig.take(...span(1, 10))
  // P sits at B by now, and S does not hear B. The mark at A, at most 5 s old, tells of 11..20.
  rig.pass(5_000, false)
  rig.mark(20)
  expect(rig.arrival.nextDeadline()).toBe(65_000)
  expect(rig.pass(59_999, false)).toEqual([])
  rig.mark(20)
  expect(rig.pass(1, false)).toEqual(['gap p:11-20 site-unreachable'])
  rig.mark(20)
  expect(rig.pass(120_000, false)).toEqual([])
  expect(rig.arrival.stats.gapsOpen).toBe(10)
  expect(rig.take(21)).toEqual(['p:21'])
  const late = rig.take(...span(11, 20))
  expect(late).toEqual(span(11, 20).flatMap((seq) => [`closed p:${seq}`, `p:${seq} late`]))
  expect(rig.arrival.stats.gapsOpen).toBe(0)
})

it('schedule 4: S joins live while A hangs; A wakes and emits first attempts from before: given, never owed, no gap', () => {
  const rig = new Rig()
  expect(rig.take({ seq: 50, timeMs: START + 5 })).toEqual(['p:50'])
  // First attempts that A swallowed before S joined, with a hole that nobody will ever fill.
  const before = [40, 41, 43].map((seq) => ({ seq, timeMs: START - 20_000 + seq }))
  expect(rig.take(...before)).toEqual(['p:40 late', 'p:41 late', 'p:43 late'])
  expect(rig.pass(100_000)).toEqual([])
  expect(rig.arrival.stats.gapsOpen).toBe(0)
})

it('schedule 4: a publisher clock 1 h slow: its live messages are given all the same', () => {
  const rig = new Rig()
  const slow = [1, 2, 4, 5].map((seq) => ({ seq, timeMs: START - 3_600_000 + seq }))
  expect(rig.take(...slow)).toEqual(['p:1', 'p:2'])
  expect(rig.pass(2_000)).toEqual(['p:4', 'p:5'])
  expect(rig.take({ seq: 3, timeMs: START - 3_600_000 + 3 })).toEqual(['p:3 late'])
  // An hour later its stamps pass the start: only then the duty begins.
  expect(rig.take({ seq: 6, timeMs: START + 1 }, { seq: 8, timeMs: START + 3 })).toEqual(['p:6'])
  expect(rig.pass(10_000)).toEqual(['p:8', 'gap p:7-7 missing'])
})

it('schedule 5: S joins; B gives 105, then A 103, 104: all three given', () => {
  for (const order of ['strict', 'arrival'] as const) {
    const rig = new Rig({ order })
    expect(rig.take({ seq: 105, site: 'b' }, 103, 104)).toEqual(['p:105', 'p:103 late', 'p:104 late'])
    expect(rig.pass(100_000)).toEqual([])
    expect(rig.take(106)).toEqual(['p:106'])
  }
})

it('schedule 6: engine refuses 5 of 1..9 with 6-9 in flight: no gap, hold < 50 ms', () => {
  const rig = new Rig()
  rig.take(1, 2, 3, 4)
  expect(rig.take(6, 7, 8, 9)).toEqual([])
  rig.pass(49)
  expect(rig.refused(5)).toEqual(['p:6', 'p:7', 'p:8', 'p:9'])
  expect(rig.arrival.nextDeadline()).toBeUndefined()
  expect(rig.pass(100_000)).toEqual([])
})

it('schedule 7: the void is lost at one site: next mark repeats it', () => {
  const rig = new Rig()
  rig.take(1, 2, 3, 4, 6, 7)
  // The hold ends first, the report clock runs on.
  expect(rig.pass(5_000)).toEqual(['p:6', 'p:7'])
  expect(rig.refused(5)).toEqual([])
  rig.mark(7)
  rig.refused(5)
  expect(rig.pass(100_000)).toEqual([])
  expect(rig.arrival.stats.gapsOpen).toBe(0)
})

it('schedule 11: 1,000 alternate holes: worst hold <= 2 s', () => {
  const rig = new Rig()
  rig.take(1)
  const cameAt = new Map<string, number>([['p:1', 0]])
  let worst = 0
  const watch = (said: string[], at: number) => {
    for (const message of said) if (cameAt.has(message)) worst = Math.max(worst, at - (cameAt.get(message) ?? 0))
  }
  for (const seq of span(1, 1_000).map((n) => n * 2 + 1)) {
    const began = rig.now
    for (let step = 0; step < 7; step++) watch(rig.pass(1), rig.now)
    cameAt.set(`p:${seq}`, rig.now)
    watch(rig.take(seq), rig.now)
    expect(rig.now - began).toBe(7)
  }
  for (let step = 0; step < 2_000; step++) watch(rig.pass(1), rig.now)
  expect(worst).toBe(2_000)
  expect(rig.given).toHaveLength(1_001)
  expect(rig.arrival.stats.held).toBe(0)
})

it('schedule 12: hold buffer full while the missing one sits in a slow site: overflow gives up, reading goes on', () => {
  const rig = new Rig()
  rig.take(1)
  expect(rig.take(...span(3, 1_002))).toEqual([])
  expect(rig.arrival.stats.held).toBe(1_000)
  // One more than may be held: all of them go, at once and in order.
  expect(rig.take(1_003)).toEqual(span(3, 1_003).map((seq) => `p:${seq}`))
  expect(rig.take(1_004)).toEqual(['p:1004'])
  expect(rig.take({ seq: 2, site: 'slow' })).toEqual(['p:2 late'])
  expect(rig.pass(100_000)).toEqual([])
})

it('schedule 18: 20,000 one-message publishers, table 1,000, replay 30 s: 0 unflagged doubles; one clock +1 h', () => {
  const publishers = 20_000
  const replayed = 15_000
  const rig: Rig = new Rig({
    order: 'arrival',
    fromNow: false,
    wall: () => START + rig.now,
    limits: { sources: 1_000 },
  })
  // 500 new publishers a second; clocks differ by up to 200 ms, one is an hour ahead.
  const one = (n: number) => ({
    source: `p${n}`,
    seq: 1,
    timeMs: START + n * 2 + ((n * 7919) % 400) - 200 + (n === 11_111 ? 3_600_000 : 0),
  })
  for (let n = 0; n < publishers; n++) {
    rig.now = n * 2
    rig.take(one(n))
  }
  const newButFlagged = rig.given.filter(({ flags }) => flags.uncertain).length
  for (let n = publishers - replayed; n < publishers; n++) rig.take({ ...one(n), site: 'b', again: true })
  const seen = new Set<string>()
  let doubled = 0
  for (const { message, flags } of rig.given) {
    if (seen.has(message) && !flags.uncertain) doubled++
    seen.add(message)
  }
  expect(seen.size).toBe(publishers)
  expect(doubled).toBe(0)
  expect(newButFlagged).toBeLessThan(50)
  // What is still in the table is told exactly.
  expect(rig.arrival.stats.duplicates).toBeGreaterThan(900)
})

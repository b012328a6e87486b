import { describe, expect, it } from 'vitest'
import { KafkaDelivery } from './delivery.js'
import { Window } from './window.js'

function record(offset: number): KafkaDelivery {
  const key = undefined
  return new KafkaDelivery(
    { partition: 0 },
    { offset, timeMs: 0, key, value: undefined, header: () => undefined, headers: () => [] },
    '',
  )
}

function windowAt(offset: number, note: string | undefined, writer = 'me'): Window {
  return new Window(writer, { partition: 0, offset, note })
}

/** A window that has read these offsets from `from` on, all of them pulled. */
function read(window: Window, offsets: readonly number[]): readonly KafkaDelivery[] {
  const all = offsets.filter((offset) => !window.wasDone(offset)).map(record)
  for (const one of all) {
    window.add(one)
    window.pulled(one)
  }
  window.next = (offsets.at(-1) ?? window.next - 1) + 1
  return all
}

describe('window', () => {
  it('commits up to the oldest that is unsettled', () => {
    const window = windowAt(5, undefined)
    const [five, six, seven] = read(window, [5, 6, 7])
    if (!five || !six || !seven) throw new Error('three were read')
    window.done(six)
    expect(window.committable).toBe(5)
    window.done(five)
    expect(window.committable).toBe(7)
    window.done(seven)
    expect(window.committable).toBe(8)
    expect(window.note('last')).toBe('0.')
  })

  it('notes what is done behind it, so that the next reader leaves it out', () => {
    const window = windowAt(100, undefined)
    const all = read(window, [100, 101, 103, 120])
    for (const one of all) if (one.record.offset === 101 || one.record.offset === 120) window.done(one)
    const heir = windowAt(window.committable, window.note('last'))
    expect(heir.next).toBe(100)
    expect([100, 101, 103, 120, 121].filter((offset) => heir.wasDone(offset))).toEqual([101, 120])
    expect([100, 120, 121].map((offset) => heir.wasGiven(offset))).toEqual([true, true, false])
  })

  it('takes all that is there for given out when its writer went on and was never heard of again', () => {
    const window = windowAt(100, undefined)
    const noted = window.note()
    read(window, [100, 101, 102])
    const heir = windowAt(100, noted)
    // Before it has read anything it knows no more than the one before.
    expect(windowAt(heir.committable, heir.note('last')).note('last')).toBe(noted)
    heir.reaches(110)
    heir.reaches(120)
    expect([100, 102, 109, 110].map((offset) => heir.wasGiven(offset))).toEqual([true, true, true, false])
    const third = windowAt(heir.committable, heir.note('last'))
    third.reaches(200)
    expect([109, 110].map((offset) => third.wasGiven(offset))).toEqual([true, false])
  })

  it('takes nothing for given out that came after somebody who said where he stopped', () => {
    const window = windowAt(100, undefined)
    const [first] = read(window, [100, 101])
    if (!first) throw new Error('two were read')
    window.done(first)
    const heir = windowAt(window.committable, window.note('last'))
    heir.reaches(110)
    expect([101, 102].map((offset) => heir.wasGiven(offset))).toEqual([true, false])
  })

  it('does not note more than fits, and says that there may be more', () => {
    const window = windowAt(0, '0.!')
    window.reaches(1_000_000)
    expect(window.note('last').length).toBeLessThan(4_096)
    const heir = windowAt(0, window.note('last'))
    heir.reaches(1_000_001)
    expect(heir.wasGiven(1_000_000)).toBe(true)
  })

  it('passes a note on that it has inherited', () => {
    const first = windowAt(0, undefined)
    const [zero, one] = read(first, [0, 1, 2])
    if (!zero || !one) throw new Error('three were read')
    first.done(one)
    const second = windowAt(first.committable, first.note())
    const again = read(second, [0, 1, 2])
    expect(again.map((each) => each.record.offset)).toEqual([0, 2])
    const third = windowAt(second.committable, second.note())
    expect([0, 1, 2].filter((offset) => third.wasDone(offset))).toEqual([1])
  })

  it('fits into what Kafka keeps beside an offset, and then takes no more', () => {
    const window = windowAt(0, undefined)
    const all = read(
      window,
      Array.from({ length: 9_999 }, (_, at) => at),
    )
    expect(window.isFull).toBe(false)
    window.next = 10_000
    expect(window.isFull).toBe(true)
    for (const each of all.slice(1)) window.done(each)
    expect(window.note().length).toBeLessThan(4_096)
    window.done(all[0] ?? record(0))
    expect(window.isFull).toBe(false)
  })

  it.each(['kafka-connect {"x":1}', ''])('takes all that is there for given out after a stranger: %j', (note) => {
    const window = windowAt(7, note)
    window.reaches(8)
    expect([7, 8].map((offset) => window.wasDone(offset))).toEqual([false, false])
    expect([7, 8].map((offset) => window.wasGiven(offset))).toEqual([true, false])
  })

  it('knows a commit again that was taken without an answer, and none of another member', () => {
    const window = windowAt(5, undefined)
    const [five, six] = read(window, [5, 6])
    if (!five || !six) throw new Error('two were read')
    window.done(five)
    window.commits({ offset: 6, note: window.note() })
    window.done(six)
    window.commits({ offset: 7, note: window.note() })
    expect(window.knows({ offset: 6, note: '2.AA==' })).toBe(false)
    expect(window.knows({ offset: 6, note: '1.AA==!me' })).toBe(true)
    expect(window.committed.offset).toBe(6)
    expect(window.differs(window.note())).toBe(true)
    expect(window.knows({ offset: 7, note: '0.!me' })).toBe(false)
  })

  it('does not take what another writes for its own, though that one has come no further', () => {
    const window = windowAt(5, undefined)
    window.confirms({ offset: 5, note: window.note() })
    const other = windowAt(5, window.note(), 'other')
    expect(other.differs(other.note())).toBe(true)
    expect(window.knows({ offset: 5, note: other.note() })).toBe(false)
    expect(window.knows({ offset: 5, note: window.note() })).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { Completed } from './completed.js'
import { Foreign } from './foreign.js'

describe('Completed (R40)', () => {
  it('knows what was finished, for at least ten minutes', () => {
    const completed = new Completed()
    completed.add('job', 1_000_000)
    expect(completed.has('job')).toBe(true)
    expect(completed.has('other')).toBe(false)
    for (let minute = 1; minute <= 10; minute++) completed.add(`at ${minute}`, 1_000_000 + minute * 60_000)
    expect(completed.has('job')).toBe(true)
  })

  it('forgets when two generations have passed', () => {
    const completed = new Completed()
    completed.add('job', 1_000_000)
    completed.add('ten minutes on', 1_600_000)
    completed.add('twenty minutes on', 2_200_000)
    expect(completed.has('job')).toBe(false)
    expect(completed.has('ten minutes on')).toBe(true)
  })

  it('never holds more than its bound, and always the newest half of it', () => {
    const completed = new Completed(100)
    for (let n = 0; n < 1_000; n++) completed.add(`${n}`, 0)
    const known = Array.from({ length: 1_000 }, (_, n) => n).filter((n) => completed.has(`${n}`))
    expect(known.length).toBeLessThanOrEqual(100)
    expect(known.filter((n) => n >= 950)).toHaveLength(50)
  })
})

describe('Foreign (R39)', () => {
  it('tells messages apart by the id of their engine, and knows no doubles without one', () => {
    const foreign = new Foreign()
    expect(['a', 'b', 'a', undefined, undefined].map((id) => foreign.repeats(id, 0))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ])
  })
})

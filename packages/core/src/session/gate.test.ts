import { describe, expect, it } from 'vitest'
import { Gate } from './gate.js'

describe('a gate', () => {
  const stage = (places: number) => {
    const gate = new Gate(places)
    const inside: string[] = []
    const enter = (name: string, isWanted = true) =>
      gate.admit({
        enter() {
          if (isWanted) inside.push(name)
          return isWanted
        },
      })
    return { gate, inside, enter }
  }

  it('lets so many in at once, and each of the others when one has left, in the order in which they came', () => {
    const { gate, inside, enter } = stage(2)
    for (const name of ['a', 'b', 'c', 'd']) enter(name)
    expect(inside).toEqual(['a', 'b'])
    gate.leave()
    expect(inside).toEqual(['a', 'b', 'c'])
    gate.leave()
    enter('e')
    expect(inside).toEqual(['a', 'b', 'c', 'd'])
    gate.leave()
    expect(inside).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('keeps no place for who does not want it any more', () => {
    const { gate, inside, enter } = stage(1)
    enter('a')
    for (let at = 0; at < 20_000; at++) enter('gone', false)
    enter('b')
    gate.leave()
    expect(inside).toEqual(['a', 'b'])
    gate.leave()
    enter('gone', false)
    enter('c')
    expect(inside).toEqual(['a', 'b', 'c'])
  })
})

import type { Delivery } from '@spanwire/driver'
import { expect, it } from 'vitest'
import { parcel } from '../../test/parcel.js'
import { Pile } from './pile.js'

it('gives from the front what was put behind, and knows how much is left', () => {
  const pile = new Pile<Delivery>()
  let put = 0
  let taken = 0
  // Takes of all sizes, past the point where the front is cut off.
  for (let round = 1; round <= 200; round++) {
    for (let at = 0; at < 40; at++) pile.put(parcel(++put))
    const count = Math.min(pile.count, (round * 7) % 80)
    for (const { body } of pile.take(count)) expect(body.length).toBe(++taken)
    expect(pile.count).toBe(put - taken)
    expect(pile.bytes).toBe(((put - taken) * (put + taken + 1)) / 2)
  }
  pile.take(pile.count)
  expect([pile.count, pile.bytes]).toEqual([0, 0])
})

it('gives what fits into so many bytes, and one in any case', () => {
  const pile = new Pile<Delivery>()
  for (const bytes of [5, 9, 3, 3, 3, 1]) pile.put(parcel(bytes))
  const sizes = (count: number, bytes: number): number[] => pile.take(count, bytes).map(({ body }) => body.length)
  expect(sizes(10, 10)).toEqual([5])
  expect(sizes(10, 8)).toEqual([9])
  expect(sizes(2, 100)).toEqual([3, 3])
  expect(sizes(10, 4)).toEqual([3, 1])
  expect(sizes(0, 4)).toEqual([])
  expect([pile.count, pile.bytes]).toEqual([0, 0])
})

import { expect, it } from 'vitest'
import type { NatsDelivery } from './delivery.js'
import { Pile } from './pile.js'

/** A pile looks at nothing of a delivery but the length of its body. */
const parcel = (bytes: number): NatsDelivery => ({ body: new Uint8Array(bytes) }) as unknown as NatsDelivery

it('gives from the front what was put behind, and knows how much is left', () => {
  const pile = new Pile()
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

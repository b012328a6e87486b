import { expect, it } from 'vitest'
import { offersOf } from './offers.js'

it('says in one line what a site is offered again, with the sum', () => {
  const one = { from: 'frankfurt', to: 'dublin', count: 1 }
  expect(
    offersOf([
      { channel: 'quotes', ...one },
      { channel: 'quotes', ...one },
      { channel: 'days', ...one },
      { channel: 'quotes', ...one, from: 'dublin', to: 'frankfurt', count: 5 },
    ]),
  ).toEqual([
    'quotes, days offered 3 again, from frankfurt to dublin',
    'quotes offered 5 again, from dublin to frankfurt',
  ])
})

import { describe, expect, it } from 'vitest'
import { ANY_PARAMS, routeFor } from './match.js'
import { all, local, nearest, pinned, primary, weighted } from './policy.js'

const invalid = expect.objectContaining({ code: 'invalid' })
const policyOf = (match: string, name: string, params = 0) =>
  routeFor([{ match, policy: local() }], [])({ name, params }).by

describe('routeFor', () => {
  it.each<[string, string, number?]>([
    ['orders', 'orders'],
    ['*', 'orders'],
    ['>', 'orders'],
    ['>', 'eu.quotes', 2],
    ['eu.*', 'eu.quotes'],
    ['*.quotes', 'eu.quotes'],
    ['eu.>', 'eu.quotes.fx'],
    ['quotes', 'quotes', 1],
    ['quotes.*', 'quotes', 1],
    ['quotes.>', 'quotes', 1],
    ['quotes.>', 'quotes', 3],
    ['quotes.*.*', 'quotes', 2],
  ])('%s matches %s with %d parameters', (match, name, params) => {
    expect(policyOf(match, name, params)).toBe('local')
  })

  it.each<[string, string, number?]>([
    ['orders', 'order'],
    ['orders', 'orders.dead'],
    ['orders.>', 'orders'],
    ['*', 'eu.quotes'],
    ['eu.*', 'eu.quotes.fx'],
    ['quotes.*', 'quotes', 2],
    ['quotes.eur', 'quotes', 1],
    ['quotes.eur.>', 'quotes', 2],
  ])('%s does not match %s with %d parameters', (match, name, params) => {
    expect(policyOf(match, name, params)).toBe('nearest')
  })

  it('finds the route of a channel whose parameters nobody knows', () => {
    const rules = [
      { match: 'quotes.*.*', policy: all() },
      { match: 'eu.>', policy: primary('a') },
    ]
    const route = routeFor(rules, ['a'])
    const by = (name: string) => route({ name, params: ANY_PARAMS }).by
    expect(['quotes', 'eu', 'eu.fx', 'quotes.fx.eur.spot', 'orders'].map(by)).toEqual([
      'all',
      'primary',
      'primary',
      'nearest',
      'nearest',
    ])
  })

  it('takes the first match, and nearest without one', () => {
    const policy = routeFor(
      [
        { match: 'orders', policy: primary('a') },
        { match: '>', policy: all() },
      ],
      ['a'],
    )
    expect(policy({ name: 'orders', params: 0 }).by).toBe('primary')
    expect(policy({ name: 'quotes', params: 1 }).by).toBe('all')
    expect(routeFor([], [])({ name: 'quotes', params: 1 })).toEqual(nearest())
  })

  it.each(['', 'Orders', 'a..b', '.a', 'a.', '>.a', 'a.>.b', 'a>', 'a.b*', 'quotes.{symbol}', 'a b'])(
    'refuses %j',
    (match) => {
      expect(() => routeFor([{ match, policy: nearest() }], [])).toThrow(invalid)
    },
  )

  it.each([primary('a', 'x'), weighted({ a: 1, x: 0 }), pinned({ by: { AAPL: 'x' } })])(
    'refuses a policy that names a site that is not there: %o',
    (policy) => {
      expect(() => routeFor([{ match: 'orders', policy }], ['a'])).toThrow(
        /^routes\[0\]\.policy: \w+ for "orders" names the site x; there are: a\.$/,
      )
    },
  )
})

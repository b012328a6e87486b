import { describe, expect, it } from 'vitest'
import type { ClientOptions } from '../client/options.js'
import { all, describePolicy, local, nearest, type Policy, pinned, primary, sitesIn, weighted } from './policy.js'

const invalid = expect.objectContaining({ code: 'invalid' })

describe('policies', () => {
  it.each<[Policy, string, string[]]>([
    [nearest(), 'nearest', []],
    [local(), 'local', []],
    [primary('a', 'b'), 'primary(a, b)', ['a', 'b']],
    [weighted({ a: 90, b: 10 }), 'weighted(a 90, b 10)', ['a', 'b']],
    [pinned({ by: 'key' }), 'pinned(by key)', []],
    [pinned({ by: 'channel', failover: true }), 'pinned(by channel, with failover)', []],
    [pinned({ by: { AAPL: 'a' } }), 'pinned(by {"AAPL":"a"})', ['a']],
    [all(), 'all(ack any)', []],
    [all({ ack: 'majority' }), 'all(ack majority)', []],
  ])('%o reads %s', (policy, words, sites) => {
    expect(describePolicy(policy)).toBe(words)
    expect(sitesIn(policy)).toEqual(sites)
    expect(Object.isFrozen(policy)).toBe(true)
  })

  it.each<[string, () => unknown]>([
    ['no primary', () => primary(...([] as unknown as ['a']))],
    ['a primary twice', () => primary('a', 'b', 'a')],
    ['no share', () => weighted({})],
    ['a negative share', () => weighted({ a: -1 })],
    ['a share that is no number', () => weighted({ a: Number.NaN })],
    ['an endless share', () => weighted({ a: Infinity })],
    ['an empty map', () => pinned({ by: {} })],
  ])('refuse %s', (_, attempt) => {
    expect(attempt).toThrow(invalid)
  })

  it('keep what they were given, whatever becomes of it', () => {
    const map = { AAPL: 'a' }
    const policy = pinned({ by: map })
    map.AAPL = 'b'
    expect(sitesIn(policy)).toEqual(['a'])
  })
})

/** Stands for what takes routes: its type parameter is known from the sites alone. */
function client<const Site extends string>(options: Pick<ClientOptions<Site>, 'sites' | 'routes'>): number {
  return options.routes?.length ?? 0
}

describe('types of policies', () => {
  const sites = { frankfurt: {}, dublin: {} } as unknown as ClientOptions<'frankfurt' | 'dublin'>['sites']

  it('take the sites of the client', () => {
    const count = client({
      sites,
      routes: [
        { match: 'a', policy: primary('frankfurt', 'dublin') },
        { match: 'b', policy: weighted({ frankfurt: 90, dublin: 10 }) },
        { match: 'c', policy: weighted({ frankfurt: 90 }) },
        { match: 'd', policy: pinned({ by: { AAPL: 'dublin' } }) },
        { match: 'e', policy: pinned({ by: 'key', failover: true }) },
        { match: 'f', policy: all({ ack: 'majority' }) },
        { match: 'g', policy: nearest() },
        { match: 'h', policy: local() },
      ],
    })
    expect(count).toBe(8)
  })

  it('refuse others', () => {
    // @ts-expect-error no such site
    client({ sites, routes: [{ match: 'a', policy: primary('oslo') }] })
    // @ts-expect-error no such site
    client({ sites, routes: [{ match: 'a', policy: primary('frankfurt', 'oslo') }] })
    // @ts-expect-error no such site
    client({ sites, routes: [{ match: 'a', policy: weighted({ frankfurt: 90, oslo: 10 }) }] })
    // @ts-expect-error no such site
    client({ sites, routes: [{ match: 'a', policy: pinned({ by: { AAPL: 'oslo' } }) }] })
    // @ts-expect-error no such rule
    client({ sites, routes: [{ match: 'a', policy: all({ ack: 'most' }) }] })
    // @ts-expect-error no site at all
    expect(() => primary()).toThrow(invalid)
  })
})

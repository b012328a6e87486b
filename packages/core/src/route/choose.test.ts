import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Ask, choose } from './choose.js'
import { here, site } from './choose.samples.js'
import { isLocal } from './distance.js'
import { explain } from './explain.js'
import { listen } from './listen.js'
import type { Location, Picture, SiteView } from './picture.js'
import { all, local, nearest, type Policy, pinned, primary, weighted } from './policy.js'

const picture = (sites: readonly SiteView[]): Picture => ({ generation: 1, here, sites })

/** Small and repeatable: a linear congruential generator. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const asking = (rest: Partial<Ask> = {}): Ask => ({
  op: 'publish',
  channel: 'quotes',
  lane: '',
  random: seeded(7),
  ...rest,
})

const lanes = Array.from({ length: 2_000 }, (_, at) => `lane-${at}`)
const homes = (policy: Policy, sites: readonly SiteView[], rest: Partial<Ask> = {}) =>
  lanes.map((lane) => choose(policy, asking({ lane, ...rest }), picture(sites)).sites[0])

describe('choose', () => {
  it('draws two of the window: the busiest of three is never first, the others are', () => {
    const sites = [site('busy', 'zone', { inflight: 90 }), site('a', 'zone'), site('b', 'zone')]
    const random = seeded(1)
    const first = new Map<string | undefined, number>()
    for (let at = 0; at < 3_000; at++) {
      const [name] = choose(nearest(), asking({ random }), picture(sites)).sites
      first.set(name, (first.get(name) ?? 0) + 1)
    }
    expect(first.get('busy')).toBeUndefined()
    expect(first.get('a')).toBeGreaterThan(1_000)
    expect(first.get('b')).toBeGreaterThan(1_000)
  })

  it('divides lanes by share', () => {
    const taken = homes(weighted({ a: 90, b: 10 }), [site('a', 'zone'), site('b', 'away')])
    const b = taken.filter((name) => name === 'b').length / lanes.length
    expect(b).toBeGreaterThan(0.08)
    expect(b).toBeLessThan(0.12)
  })

  it('divides the 240 buckets of a key by share', () => {
    const sites = [site('a', 'zone'), site('b', 'away')]
    const buckets = Array.from({ length: 240 }, (_, at) => `${at}`)
    const policy = weighted({ a: 50, b: 50 })
    const b = buckets.filter((lane) => choose(policy, asking({ lane }), picture(sites)).sites[0] === 'b').length
    expect(b).toBeGreaterThan(96)
    expect(b).toBeLessThan(144)
  })

  it('divides requests without a lane one by one, and keeps those with a lane', () => {
    const sites = [site('a', 'zone'), site('b', 'away')]
    const policy = weighted({ a: 50, b: 50 })
    const random = seeded(3)
    const first = (lane: string) => choose(policy, asking({ op: 'request', lane, random }), picture(sites)).sites[0]
    expect(new Set(lanes.map(() => first('')))).toEqual(new Set(['a', 'b']))
    expect(new Set(lanes.map(() => first('AAPL'))).size).toBe(1)
  })

  it('keeps all lanes of a channel together when pinned by channel', () => {
    const sites = [site('a', 'zone'), site('b', 'zone'), site('c', 'zone')]
    expect(new Set(homes(pinned({ by: 'channel' }), sites)).size).toBe(1)
    expect(new Set(homes(pinned({ by: 'key' }), sites)).size).toBe(3)
  })

  it('brings all members of a group to one site of all, wherever they run (R43)', () => {
    const sites = [site('a', 'zone'), site('b', 'away'), site('c', 'cloud')]
    const ask = asking({ op: 'subscribe', lane: 'workers' })
    const places: Location[] = sites.map(({ location }) => location)
    const firsts = places.map((place) => choose(all(), ask, { generation: 1, here: place, sites }).sites[0])
    expect(new Set(firsts).size).toBe(1)
  })
})

const someName = fc.constantFrom('a', 'b', 'c', 'd')
const somePlace = fc.record(
  {
    environment: fc.constantFrom('on-prem', 'cloud', 'edge'),
    region: fc.constantFrom('eu', 'us'),
    zone: fc.constantFrom('1', '2'),
  },
  { requiredKeys: ['environment'] },
)
const someSites: fc.Arbitrary<SiteView[]> = fc.uniqueArray(
  fc.record({
    name: someName,
    location: somePlace,
    mode: fc.constantFrom('active', 'standby', 'drain'),
    health: fc.constantFrom('up', 'suspect', 'down', 'draining', 'disabled', 'unknown'),
    rttMs: fc.option(fc.double({ min: 0, max: 300, noNaN: true }), { nil: undefined }),
    inflight: fc.nat(100),
  }),
  { selector: ({ name }) => name },
)
const someShare = fc.nat(100)
const someShares = fc.dictionary(someName, someShare, { minKeys: 1 })
const somePolicy: fc.Arbitrary<Policy> = fc.oneof(
  fc.constantFrom(nearest(), local(), all(), all({ ack: 'all' })),
  fc.uniqueArray(someName, { minLength: 1 }).map(([first = 'a', ...rest]) => primary(first, ...rest)),
  someShares.map((shares) => weighted(shares)),
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom('key' as const, 'channel' as const),
        fc.dictionary(fc.constantFrom('AAPL', 'quotes', 'other'), someName, { minKeys: 1 }),
      ),
      fc.boolean(),
    )
    .map(([by, failover]) => pinned({ by, failover })),
)
const someAsk = fc.record({
  op: fc.constantFrom('publish', 'send', 'request', 'subscribe', 'consume', 'respond'),
  lane: fc.constantFrom('', 'AAPL', 'IBM', '17', 'AAPL:3'),
  avoid: fc.uniqueArray(someName).map((names) => new Set<string>(names)),
  seed: fc.nat(),
})

describe('for every picture and policy', () => {
  it('no operation goes outside the policy, to a drained or to a disabled site (I9)', () => {
    fc.assert(
      fc.property(somePolicy, someAsk, somePlace, someSites, (policy, { seed, ...ask }, place, sites) => {
        const view = { generation: 1, here: place, sites }
        const chosen = choose(policy, asking({ ...ask, random: seeded(seed) }), view).sites
        expect(new Set(chosen).size).toBe(chosen.length)
        for (const name of chosen) {
          const at = sites.find((other) => other.name === name)
          expect(at).toBeDefined()
          expect(at?.mode).not.toBe('drain')
          expect(at?.health).not.toBe('disabled')
          expect(allows(policy, name, at?.location ?? place, place)).toBe(true)
        }
      }),
    )
  })

  it('whoever listens hears every site that somebody may choose (R22)', () => {
    fc.assert(
      fc.property(somePolicy, someAsk, somePlace, someSites, (policy, { seed, ...ask }, place, sites) => {
        const view = { generation: 1, here: place, sites }
        const chosen = choose(policy, asking({ ...ask, random: seeded(seed) }), view).sites
        expect(listen(policy, view)).toEqual(expect.arrayContaining([...chosen]))
      }),
    )
  })

  it('a site that is up is never passed over for one that is not, unless it failed this operation', () => {
    fc.assert(
      fc.property(somePolicy, someAsk, someSites, (policy, { seed, ...ask }, sites) => {
        const chosen = choose(policy, asking({ ...ask, random: seeded(seed) }), picture(sites)).sites
        const good = chosen.map(
          (name) => !ask.avoid.has(name) && sites.some((other) => other.name === name && other.health === 'up'),
        )
        expect(good).toEqual([...good].sort((a, b) => Number(b) - Number(a)))
      }),
    )
  })

  it('the explanation gives the same sites and a sentence for each', () => {
    fc.assert(
      fc.property(somePolicy, someAsk, someSites, (policy, { seed, ...ask }, sites) => {
        const asked = () => asking({ ...ask, random: seeded(seed) })
        const said = explain(policy, asked(), picture(sites))
        expect(said.sites).toEqual(choose(policy, asked(), picture(sites)).sites)
        for (const { name } of sites)
          expect(
            said.trace.filter((line) => line.startsWith(`${name} is`)),
            name,
          ).toHaveLength(1)
      }),
    )
  })

  it('raising one share moves lanes only towards that site, lowering it only away from it', () => {
    fc.assert(
      fc.property(someShares, someName, someShare, (shares, name, share) => {
        const sites = ['a', 'b', 'c', 'd'].map((other) => site(other, 'zone'))
        const few = lanes.slice(0, 100)
        const first = (of: Record<string, number>) =>
          few.map((lane) => choose(weighted(of), asking({ lane }), picture(sites)).sites[0])
        const [less, more] = [Math.min(share, shares[name] ?? 0), Math.max(share, shares[name] ?? 0)]
        fc.pre(Object.values({ ...shares, [name]: less }).some((some) => some > 0))
        const before = first({ ...shares, [name]: less })
        first({ ...shares, [name]: more }).forEach((home, at) => {
          if (home !== before[at]) expect(home).toBe(name)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('losing a site moves only its own pinned lanes, and they come back', () => {
    fc.assert(
      fc.property(someName, (lost) => {
        const up = ['a', 'b', 'c', 'd'].map((name) => site(name, 'zone'))
        const hurt = up.map((one) => (one.name === lost ? { ...one, health: 'down' as const } : one))
        const policy = pinned({ by: 'key', failover: true })
        const before = homes(policy, up)
        homes(policy, hurt).forEach((home, at) => {
          expect(home === before[at]).toBe(before[at] !== lost)
        })
      }),
      { numRuns: 4 },
    )
  })

  it('without failover a lane stays where it is whatever the health of the sites', () => {
    fc.assert(
      fc.property(someSites, someAsk, (sites, { lane }) => {
        const policy = pinned({ by: 'key' })
        const healthy = sites.map((one) => ({ ...one, health: 'up' as const }))
        const usual = choose(policy, asking({ lane }), picture(healthy)).sites
        const now = choose(policy, asking({ lane }), picture(sites)).sites
        expect(usual).toEqual(expect.arrayContaining([...now]))
        expect(now.length).toBeLessThanOrEqual(1)
      }),
    )
  })
})

/** I9 once more, in other words. */
function allows(policy: Policy, name: string, location: Location, place: Location): boolean {
  switch (policy.by) {
    case 'local':
      return isLocal(place, location)
    case 'primary':
      return policy.sites.includes(name)
    case 'weighted':
      return policy.shares.some(([some]) => some === name)
    case 'pinned':
      return policy.failover || typeof policy.to === 'string' || Object.values(policy.to).includes(name)
    default:
      return true
  }
}

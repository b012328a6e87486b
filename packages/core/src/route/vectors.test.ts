import { describe, expect, it } from 'vitest'
import vectors from '../../vectors/selection.json'
import { type Ask, choose } from './choose.js'
import { explain } from './explain.js'
import { listen } from './listen.js'
import type { Location, Picture, SiteView } from './picture.js'
import { all, local, nearest, type Policy, pinned, primary, weighted } from './policy.js'

/** A policy as configuration files write it. */
type Written =
  | 'nearest'
  | 'local'
  | { readonly primary: readonly [string, ...string[]] }
  | { readonly weighted: Record<string, number> }
  | { readonly pinned: { readonly by: 'key' | 'channel' | Record<string, string>; readonly failover?: boolean } }
  | { readonly all: { readonly ack: 'any' | 'majority' | 'all' } }

interface Vector {
  readonly says: string
  readonly policy: Written
  readonly sites: readonly (Partial<SiteView> & { readonly name: string; readonly at: keyof typeof vectors.places })[]
  readonly ask: Pick<Ask, 'op' | 'channel' | 'lane' | 'home'> & {
    readonly avoid?: readonly string[]
    readonly unfit?: Record<string, string>
  }
  readonly draws?: readonly number[]
  readonly chosen: readonly string[]
  readonly ack?: string
  readonly listened: readonly string[]
  readonly trace: readonly string[]
}

// The types that are read from a JSON file know no unions of words.
const here = vectors.here as Location
const places = vectors.places as Record<string, Location>
const selection = vectors.vectors as readonly Vector[]
const homes = vectors.homes as unknown as readonly Homes[]

describe('the selection vectors', () => {
  it.each(selection)('$says', (vector) => {
    const policy = read(vector.policy)
    const picture = pictured(vector)
    const { sites, ack } = choose(policy, asked(vector), picture)
    expect(sites).toEqual(vector.chosen)
    expect(ack).toBe(vector.ack)
    expect(listen(policy, picture)).toEqual(vector.listened)
    expect(explain(policy, asked(vector), picture).trace).toEqual(vector.trace)
  })

  it('take each policy', () => {
    const kinds = selection.map(({ policy }) => read(policy).by)
    expect(new Set(kinds)).toEqual(new Set(['nearest', 'local', 'primary', 'pinned', 'weighted', 'all']))
  })
})

interface Homes {
  readonly says: string
  readonly policy: Written
  readonly sites: readonly string[]
  readonly homes: Record<string, string>
}

it.each(homes)('lanes find their home $says: $policy', ({ policy, sites, homes }) => {
  const picture = pictured({ sites: sites.map((name) => ({ name, at: 'zone' })) })
  for (const [lane, home] of Object.entries(homes)) {
    const ask: Ask = { op: 'publish', channel: 'quotes', lane, random: drawing() }
    expect(choose(read(policy), ask, picture).sites[0], lane).toBe(home)
  }
})

function pictured({ sites }: Pick<Vector, 'sites'>): Picture {
  return {
    generation: 1,
    here,
    sites: sites.map(({ at, rttMs = 1, ...rest }) => ({
      mode: 'active',
      health: 'up',
      inflight: 0,
      ...rest,
      location: places[at] ?? here,
      rttMs: rttMs ?? undefined,
    })),
  }
}

function asked({ ask, draws }: Vector): Ask {
  const { avoid, unfit, ...rest } = ask
  return { ...rest, avoid: new Set(avoid), fits: (site) => unfit?.[site], random: drawing(draws) }
}

function drawing(draws: readonly number[] = []): () => number {
  const left = draws.values()
  return () => {
    const { value } = left.next()
    if (value === undefined) throw new Error('more is drawn than the vector says')
    return value
  }
}

function read(policy: Written): Policy {
  if (policy === 'nearest') return nearest()
  if (policy === 'local') return local()
  if ('primary' in policy) return primary(...policy.primary)
  if ('weighted' in policy) return weighted(policy.weighted)
  if ('pinned' in policy) return pinned(policy.pinned)
  return all(policy.all)
}

import { describe, expect, it } from 'vitest'
import { distance, isLocal } from './distance.js'
import type { Location } from './picture.js'

const here: Location = { environment: 'on-prem', region: 'eu', zone: '1' }

describe('distance', () => {
  it.each<[string, Location, number]>([
    ['same zone', { environment: 'on-prem', region: 'eu', zone: '1' }, 0],
    ['same region', { environment: 'on-prem', region: 'eu', zone: '2' }, 1],
    ['zone not given', { environment: 'on-prem', region: 'eu' }, 1],
    ['same region in another environment', { environment: 'cloud', region: 'eu', zone: '1' }, 2],
    ['another region', { environment: 'on-prem', region: 'us', zone: '1' }, 3],
    ['region not given', { environment: 'on-prem' }, 3],
    ['elsewhere', { environment: 'edge', region: 'us' }, 4],
  ])('%s', (_, there, tier) => {
    expect(distance(here, there)).toBe(tier)
    expect(distance(there, here)).toBe(tier)
  })

  it('two places that name nothing are not near', () => {
    expect(distance({ environment: 'cloud' }, { environment: 'cloud' })).toBe(3)
  })
})

describe('isLocal', () => {
  it.each<[string, Location, Location, boolean]>([
    ['same region, other zone', here, { environment: 'on-prem', region: 'eu', zone: '2' }, true],
    ['other environment', here, { environment: 'cloud', region: 'eu' }, false],
    ['other region', here, { environment: 'on-prem', region: 'us' }, false],
    ['a site that does not say its region', here, { environment: 'on-prem' }, false],
    ['we do not say our region', { environment: 'on-prem' }, { environment: 'on-prem', region: 'us' }, true],
  ])('%s', (_, from, to, verdict) => {
    expect(isLocal(from, to)).toBe(verdict)
  })
})

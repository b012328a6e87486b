import type { Location, SiteView } from './picture.js'

/** Where the tests choose. */
export const here: Location = { environment: 'on-prem', region: 'eu-central', zone: 'fra1' }

const places: Record<'zone' | 'region' | 'cloud' | 'far' | 'away', Location> = {
  zone: here,
  region: { environment: 'on-prem', region: 'eu-central', zone: 'fra2' },
  cloud: { environment: 'cloud', region: 'eu-central' },
  far: { environment: 'on-prem', region: 'us-east' },
  away: { environment: 'cloud', region: 'us-east' },
}

/** `up` in the same zone after 1 ms, unless it says otherwise. */
export function site(name: string, at: keyof typeof places, rest: Partial<SiteView> = {}): SiteView {
  return { name, location: places[at], mode: 'active', health: 'up', rttMs: 1, inflight: 0, ...rest }
}

import type { Ask } from './choose.js'
import type { Location, SiteView } from './picture.js'
import { all, local, nearest, type Policy, pinned, primary, weighted } from './policy.js'

/** Where the cases run. */
export const here: Location = { environment: 'on-prem', region: 'eu-central', zone: 'fra1' }

const places = {
  zone: here,
  region: { environment: 'on-prem', region: 'eu-central', zone: 'fra2' },
  cloud: { environment: 'cloud', region: 'eu-central' },
  far: { environment: 'on-prem', region: 'us-east' },
  away: { environment: 'cloud', region: 'us-east' },
} satisfies Record<string, Location>

/** `up` in the same zone after 1 ms, unless it says otherwise. */
export function site(name: string, at: keyof typeof places, rest: Partial<SiteView> = {}): SiteView {
  return { name, location: places[at], mode: 'active', health: 'up', rttMs: 1, inflight: 0, ...rest }
}

/** A picture in, the sites out. */
export interface ChooseCase {
  readonly says: string
  readonly policy: Policy
  readonly sites: readonly SiteView[]
  readonly ask?: Partial<Ask>
  readonly gives: readonly string[]
  readonly ack?: string
}

const down = { health: 'down', rttMs: undefined } as const
const ab = [site('a', 'zone'), site('b', 'away')]

export const chooseCases: readonly ChooseCase[] = [
  { says: 'no site, no choice', policy: nearest(), sites: [], gives: [] },

  // Nearness
  {
    says: 'nearest goes by location before round trip',
    policy: nearest(),
    sites: [
      site('away', 'away', { rttMs: 1 }),
      site('far', 'far', { rttMs: 2 }),
      site('cloud', 'cloud', { rttMs: 3 }),
      site('region', 'region', { rttMs: 4 }),
      site('zone', 'zone', { rttMs: 500 }),
    ],
    gives: ['zone', 'region', 'cloud', 'far', 'away'],
  },
  {
    says: 'nearest goes by round trip beyond the latency window of 15 ms',
    policy: nearest(),
    sites: [site('slow', 'zone', { rttMs: 16.1 }), site('fast', 'zone', { rttMs: 1 })],
    gives: ['fast', 'slow'],
  },
  {
    says: 'within the window the less loaded of two goes first',
    policy: nearest(),
    sites: [site('fast', 'zone', { rttMs: 4, inflight: 9 }), site('idle', 'zone', { rttMs: 18 })],
    gives: ['idle', 'fast'],
  },
  {
    says: 'the window is a quarter where that is more than 15 ms',
    policy: nearest(),
    sites: [site('fast', 'far', { rttMs: 100, inflight: 1 }), site('idle', 'far', { rttMs: 125 })],
    gives: ['idle', 'fast'],
  },
  {
    says: 'the home stays first within the window',
    policy: nearest(),
    sites: [site('a', 'zone', { inflight: 50 }), site('b', 'zone')],
    ask: { home: 'a' },
    gives: ['a', 'b'],
  },
  {
    says: 'the home gives way to a nearer site',
    policy: nearest(),
    sites: [site('a', 'region'), site('b', 'zone')],
    ask: { home: 'a' },
    gives: ['b', 'a'],
  },
  {
    says: 'what was not measured counts as usual for its tier',
    policy: nearest(),
    sites: [site('slow', 'zone', { rttMs: 17 }), site('new', 'zone', { rttMs: undefined })],
    gives: ['new', 'slow'],
  },

  // Health
  {
    says: 'a site that is up goes before a nearer one that is not',
    policy: nearest(),
    sites: [site('down', 'zone', down), site('suspect', 'zone', { health: 'suspect' }), site('up', 'away')],
    gives: ['up', 'suspect', 'down'],
  },
  {
    says: 'in panic: draining, suspect, unknown, down, and never a disabled or drained one',
    policy: nearest(),
    sites: [
      site('down', 'zone', down),
      site('unknown', 'zone', { health: 'unknown' }),
      site('suspect', 'zone', { health: 'suspect' }),
      site('leaving', 'zone', { health: 'draining' }),
      site('disabled', 'zone', { health: 'disabled' }),
      site('drained', 'zone', { mode: 'drain' }),
    ],
    gives: ['leaving', 'suspect', 'unknown', 'down'],
  },
  {
    says: 'what failed this operation goes last, however near',
    policy: nearest(),
    sites: [site('a', 'zone'), site('b', 'away')],
    ask: { avoid: new Set(['a']) },
    gives: ['b', 'a'],
  },
  {
    says: 'what failed this operation still goes before what cannot be reached',
    policy: nearest(),
    sites: [site('a', 'zone'), site('b', 'zone', down)],
    ask: { avoid: new Set(['a']) },
    gives: ['a', 'b'],
  },
  {
    says: 'what failed this operation is not excluded when nothing else is left',
    policy: primary('a'),
    sites: ab,
    ask: { avoid: new Set(['a', 'b']) },
    gives: ['a'],
  },
  {
    says: 'standby steps in when no active site is up',
    policy: nearest(),
    sites: [
      site('spare', 'zone', { mode: 'standby' }),
      site('suspect', 'zone', { health: 'suspect' }),
      site('up', 'away'),
    ],
    gives: ['up', 'spare', 'suspect'],
  },
  {
    says: 'a site that cannot take it is out',
    policy: primary('a', 'b'),
    sites: ab,
    ask: { fits: (name) => (name === 'a' ? 'its limit is 1 MB' : undefined) },
    gives: ['b'],
  },

  // Policies
  {
    says: 'local stays in environment and region',
    policy: local(),
    sites: [site('cloud', 'cloud'), site('far', 'far'), site('region', 'region'), site('zone', 'zone', down)],
    gives: ['region', 'zone'],
  },
  { says: 'local fails instead of leaving', policy: local(), sites: [site('cloud', 'cloud')], gives: [] },
  { says: 'primary keeps its order', policy: primary('b', 'a'), sites: ab, gives: ['b', 'a'] },
  {
    says: 'primary goes to the next when the first is down',
    policy: primary('a', 'b'),
    sites: [site('a', 'zone', down), site('b', 'away'), site('c', 'zone')],
    gives: ['b', 'a'],
  },
  {
    says: 'a share of 0 takes nothing while others are up',
    policy: weighted({ a: 0, b: 1 }),
    sites: ab,
    gives: ['b', 'a'],
  },
  {
    says: 'a share of 0 steps in',
    policy: weighted({ a: 0, b: 1 }),
    sites: [site('a', 'zone'), site('b', 'away', down)],
    gives: ['a', 'b'],
  },
  {
    says: 'shares of 0 only: the nearest',
    policy: weighted({ b: 0, a: 0 }),
    sites: ab,
    gives: ['a', 'b'],
  },
  {
    says: 'a site without a share is never used',
    policy: weighted({ b: 1 }),
    sites: [site('a', 'zone'), site('b', 'away', { health: 'disabled' })],
    gives: [],
  },
  {
    says: 'a pinned lane waits for its site',
    policy: pinned({ by: { AAPL: 'a', quotes: 'b' } }),
    sites: [site('a', 'zone', down), site('b', 'away')],
    ask: { lane: 'AAPL' },
    gives: ['a'],
  },
  {
    says: 'the map knows the path of a lane with a key',
    policy: pinned({ by: { AAPL: 'a', quotes: 'b' } }),
    sites: ab,
    ask: { lane: 'AAPL:17' },
    gives: ['a'],
  },
  {
    says: 'the map knows channels',
    policy: pinned({ by: { AAPL: 'a', quotes: 'b' } }),
    sites: ab,
    ask: { lane: 'IBM' },
    gives: ['b'],
  },
  {
    says: 'a word that objects inherit is in no map',
    policy: pinned({ by: { AAPL: 'a' } }),
    sites: ab,
    ask: { lane: 'constructor' },
    gives: ['a'],
  },
  {
    says: 'with failover the map may be left',
    policy: pinned({ by: { AAPL: 'a' }, failover: true }),
    sites: [site('a', 'zone', down), site('b', 'away')],
    ask: { lane: 'AAPL' },
    gives: ['b', 'a'],
  },
  {
    says: 'a pinned lane has nobody while its site is drained',
    policy: pinned({ by: { AAPL: 'a' } }),
    sites: [site('a', 'zone', { mode: 'drain' }), site('b', 'away')],
    ask: { lane: 'AAPL' },
    gives: [],
  },
  {
    says: 'lanes pinned by hash leave a drained site for good',
    policy: pinned({ by: 'key' }),
    sites: [site('a', 'zone', { mode: 'drain' }), site('b', 'away', down)],
    gives: ['b'],
  },

  // All
  {
    says: 'all names every site that takes work, reached or not',
    policy: all({ ack: 'majority' }),
    sites: [
      site('down', 'zone', down),
      site('up', 'away'),
      site('spare', 'zone', { mode: 'standby' }),
      site('drained', 'zone', { mode: 'drain' }),
      site('disabled', 'zone', { health: 'disabled' }),
    ],
    gives: ['up', 'down'],
    ack: 'majority',
  },
  {
    says: 'all takes the standby when no active site is reached',
    policy: all(),
    sites: [site('down', 'zone', down), site('spare', 'zone', { mode: 'standby' })],
    gives: ['spare', 'down'],
    ack: 'any',
  },
  { says: 'all sends a job to one', policy: all(), sites: ab, ask: { op: 'send' }, gives: ['a', 'b'] },
  { says: 'all asks one', policy: all(), sites: ab, ask: { op: 'request' }, gives: ['a', 'b'] },
]

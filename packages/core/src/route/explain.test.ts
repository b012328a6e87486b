import { expect, it } from 'vitest'
import type { Ask } from './choose.js'
import { here, site } from './choose.samples.js'
import { explain } from './explain.js'
import type { SiteView } from './picture.js'
import { all, primary } from './policy.js'

const ask: Ask = { op: 'publish', channel: 'quotes', lane: 'AAPL', random: () => 0 }

it('says for each site why it is where it is', () => {
  const sites = [
    site('dublin', 'away', { rttMs: 21.37, inflight: 3 }),
    site('frankfurt', 'zone', { health: 'suspect' }),
    site('oslo', 'far', { mode: 'drain' }),
    site('paris', 'far'),
    site('rome', 'far', { health: 'disabled' }),
    site('wien', 'far'),
  ]
  const fits = (name: string) => (name === 'wien' ? 'it takes 64 kB, this is 70 kB' : undefined)
  const policy = primary('frankfurt', 'dublin', 'oslo', 'rome', 'wien')
  expect(explain(policy, { ...ask, fits, home: 'frankfurt' }, { generation: 1, here, sites })).toEqual({
    op: 'publish',
    channel: 'quotes',
    lane: 'AAPL',
    policy: 'primary(frankfurt, dublin, oslo, rome, wien)',
    generation: 1,
    sites: ['dublin', 'frankfurt'],
    trace: [
      'dublin is chosen: up, another region and environment, 21.4 ms, 3 on the way.',
      'frankfurt is next (2): suspect, at home, same zone, 1 ms, 0 on the way.',
      'oslo is not used: it drains and takes no new work.',
      'paris is not used: the policy never goes there.',
      'rome is not used: it refuses our credentials or certificates.',
      'wien is not used: it takes 64 kB, this is 70 kB.',
    ],
  })
})

it('says when nothing is up, when all take it, and when none may', () => {
  const spare = site('b', 'zone', { mode: 'standby' })
  const down = site('a', 'zone', { health: 'down', rttMs: undefined })
  const trace = (sites: readonly SiteView[]) => explain(all(), ask, { generation: 1, here, sites }).trace
  expect(trace([down])).toEqual([
    'No site is up: the others are tried in turn.',
    'a is one of all: down, same zone, not measured, 0 on the way.',
  ])
  expect(trace([site('a', 'zone'), spare])[1]).toBe('b is not used: it is standby, and active sites are left.')
  expect(trace([])).toEqual(['No site may take it.'])
})

import { describe, it } from 'vitest'
import { outlast } from './rig/outage.js'

describe.each([['SIGTERM'], ['SIGKILL']] as const)('a server that comes back 0.3 s after %s', (by) => {
  it.for(['while nobody sends', 'under traffic'] as const)(
    'is used again by every pattern, %s',
    { timeout: 90_000 },
    (when, test) => outlast({ by, downMs: 300, when }, test),
  )
})

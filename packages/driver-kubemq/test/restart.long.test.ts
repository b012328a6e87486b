import { describe, it } from 'vitest'
import { outlast } from './rig/outage.js'

const outages = (['SIGTERM', 'SIGKILL'] as const).flatMap((by) =>
  [5, 60].flatMap((seconds) =>
    (['while nobody sends', 'under traffic'] as const).map((when) => ({ by, seconds, when })),
  ),
)

describe.concurrent('a server that comes back', () => {
  it.for(outages)(
    '$seconds s after $by, $when, is used again by every pattern',
    {
      timeout: 240_000,
    },
    ({ by, seconds, when }, test) => outlast({ by, downMs: seconds * 1_000, when }, test),
  )
})

import type { SessionState } from './state.js'
import { busy, denied, gone, type StepCase } from './step.samples.js'

const waiting: SessionState = { at: 'waiting', attempt: 3, since: 2_000, retryAt: 2_500, cause: gone }
const disabled: SessionState = { at: 'disabled', attempt: 1, since: 2_000, retryAt: 20_000, cause: denied }

/** What it means to a site that is away that something waits for it. */
export const awaitedCases: readonly StepCase[] = [
  {
    name: 'waits 5 s more at most when something waits for the site: half of that',
    state: { ...waiting, retryAt: 9_000 },
    event: { on: 'awaited', at: 3_000, chance: 0.5 },
    becomes: { ...waiting, retryAt: 5_500 },
  },
  {
    name: 'is as patient as the engine asks all the same',
    state: { ...waiting, retryAt: 29_000, cause: busy },
    event: { on: 'awaited', at: 3_000, chance: 0.5 },
    becomes: { ...waiting, retryAt: 8_500, cause: busy },
  },
  {
    name: 'dials when it was about to, whoever waits',
    state: { ...waiting, retryAt: 8_000 },
    event: { on: 'awaited', at: 3_000, chance: 0.5 },
    becomes: 'same',
  },
  {
    name: 'asks those who refuse us as slowly, whoever waits',
    state: disabled,
    event: { on: 'awaited', at: 3_000, chance: 0.5 },
    becomes: 'same',
  },
]

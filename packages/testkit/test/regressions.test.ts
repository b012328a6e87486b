import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Regression, replay } from '../src/simulation/shrink.js'

const folder = new URL('regressions/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

/** What `npm run simulate -- --save` kept, under the name of what it was about. */
const kept = files.flatMap((name) => {
  const regressions = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as readonly Regression[]
  return regressions.map((regression) => [name.replace('.json', ''), regression.seed, regression] as const)
})

it.each(kept)(
  '%s, seed %i, breaks no promise any more',
  async (_name, _seed, regression) => {
    const { violations } = await replay(regression)
    expect(violations).toEqual([])
  },
  120_000,
)

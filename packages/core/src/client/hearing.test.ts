import { expect, it } from 'vitest'
import { Arrival } from '../arrival/arrival.js'
import { virtualRuntime } from '../runtime/virtual.js'
import { Hearing } from './hearing.js'
import type { Saying } from './marks.js'

/** How often it is asked for a source. */
class Sayings extends Map<string, Saying> {
  asked = 0

  override get(source: string): Saying | undefined {
    this.asked += 1
    return super.get(source)
  }
}

function stage(isFiltered: boolean) {
  const runtime = virtualRuntime()
  const gaps: number[] = []
  const arrival = new Arrival<string>(
    { order: 'strict', live: false, startWallMs: 0, fromNow: false, gaps: true },
    { give: () => {}, gap: ({ last }) => void gaps.push(last), closed: () => {} },
  )
  arrival.take({ source: 'p-7', seq: 1, timeMs: 1, again: false, site: 'a', bytes: 1, message: 'one' }, runtime.now())
  const hearing = new Hearing(arrival, runtime, { isFiltered, isPast: () => true, arm: () => {} })
  const sayings = new Sayings()
  for (let lane = 0; lane < 10_000; lane++) sayings.set(`p-${lane}`, { mark: { high: 2, timeMs: 2 } })
  return { arrival, gaps, hearing, runtime, sayings }
}

it('asks only for the sources that a filtered subscription knows, whatever is said of others', async () => {
  const { arrival, gaps, hearing, runtime, sayings } = stage(true)
  hearing.hear(sayings)
  expect(sayings.asked).toBe(1)
  await runtime.advance(1_000)
  arrival.tick(runtime.now() + 60_000, true)
  expect(gaps).toEqual([2])
  expect(arrival.sources.size).toBe(1)
})

it('heeds what is said of every source where all paths are read', async () => {
  const { arrival, hearing, runtime, sayings } = stage(false)
  hearing.hear(sayings)
  await runtime.advance(1_000)
  expect(arrival.sources.size).toBe(10_000)
})

import { all, json, topic } from '@spanwire/core'
import { describe, expect, it } from 'vitest'
import { rehearse } from '../src/simulation/rehearse.js'
import { Simulation } from '../src/simulation/simulation.js'

/** `npm run simulate` runs many more; these are here so that a broken promise is seen at once. */
const PATIENCE_MS = 120_000
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1)

describe('a company with two sites, where things go wrong', () => {
  it.each(SEEDS)(
    'keeps every promise, seed %i',
    async (seed) => {
      const { violations, plan, counts } = await rehearse({ seed })
      expect(violations).toEqual([])
      // It is no quiet day.
      expect(plan.length).toBeGreaterThan(3)
      expect(counts['done']).toBeGreaterThan(1_000)
    },
    PATIENCE_MS,
  )

  it(
    'does the same again with the same seed, to the last line',
    async () => {
      const once = await rehearse({ seed: 7, forMs: 180_000, verbose: true })
      const again = await rehearse({ seed: 7, forMs: 180_000, verbose: true })
      expect(again.lines).toEqual(once.lines)
      expect(again.hash).toBe(once.hash)
      const other = await rehearse({ seed: 8, forMs: 180_000 })
      expect(other.hash).not.toBe(once.hash)
    },
    PATIENCE_MS,
  )
})

describe('a simulation of one’s own', () => {
  it('lets clients talk while a site is away, and takes no real time', async () => {
    const alarms = topic('alarms', json, { delivery: 'durable' })
    const here = { environment: 'on-prem', region: 'eu-central' } as const
    const simulation = new Simulation({ seed: 1, sites: { frankfurt: here, dublin: { environment: 'cloud' } } })
    const routes = [{ match: '>', policy: all() }]
    const sender = simulation.machine('sender', { here, routes })
    const reader = simulation.machine('reader', { here, routes })
    const heard: { value: unknown; site: string }[] = []
    void (async () => {
      for await (const { value, site } of reader.client.subscribe(alarms)) heard.push({ value, site })
    })()
    await simulation.run(1_000)
    simulation.inflict({ what: 'kill', site: 'frankfurt', data: 'wipe', forMs: 20_000 })
    void sender.client.publish(alarms, 'water in the cellar')
    await simulation.run(60_000)
    expect(heard).toEqual([{ value: 'water in the cellar', site: 'dublin' }])
    expect(() => simulation.machine('sender', { here })).toThrow('there is a machine sender already')
    expect(() => simulation.site('paris')).toThrow('known: frankfurt, dublin')
  })
})

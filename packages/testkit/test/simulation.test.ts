import { all, json, primary, topic } from '@spanwire/core'
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

  it('ends a process, and another one is started on the same machine', async () => {
    const alarms = topic('alarms', json, { delivery: 'durable' })
    const here = { environment: 'on-prem', region: 'eu-central' } as const
    const simulation = new Simulation({ seed: 1, sites: { frankfurt: here } })
    const reader = simulation.machine('reader', { here })
    const heard: unknown[] = []
    void (async () => {
      for await (const { value } of reader.client.subscribe(alarms)) heard.push(value)
    })()
    const sender = simulation.machine('sender', { here })
    void sender.client.publish(alarms, 'smoke')
    await simulation.run(1_000)
    let told = ''
    const last = sender.client.publish(alarms, 'fire')
    void last.then(() => {
      told = 'done'
    })
    await simulation.run(0.5)
    simulation.inflict({ what: 'skew', machine: 'sender', byMs: 5_000, forMs: 60_000 })
    simulation.inflict({ what: 'crash', machine: 'sender', forMs: 0 })
    await simulation.run(10_000)
    // What was on its way arrives, and nobody is left to hear of it.
    expect(heard).toEqual(['smoke', 'fire'])
    expect(told).toBe('')
    const next = simulation.machine('sender', { here })
    expect(next.host.name).toBe('sender#2')
    expect(next.host.skewMs).toBe(5_000)
    void next.client.publish(alarms, 'ashes')
    await simulation.run(1_000)
    expect(heard).toEqual(['smoke', 'fire', 'ashes'])
    await simulation.run(60_000)
    expect(next.host.skewMs).toBe(0)
    expect(simulation.site('frankfurt').engine.counts().links).toBe(2)
  })

  it('gives machines other routes for a while, also a process that starts meanwhile', async () => {
    const alarms = topic('alarms', json, { delivery: 'durable' })
    const here = { environment: 'on-prem', region: 'eu-central' } as const
    const simulation = new Simulation({ seed: 1, sites: { frankfurt: here, dublin: { environment: 'cloud' } } })
    const own = { here, routes: [{ match: '>', policy: primary('frankfurt') }] }
    const routes = [{ match: '>', policy: primary('dublin') }]
    simulation.machine('sender', own)
    await simulation.run(1_000)
    const goesTo = () => simulation.machines.get('sender')?.client.explain('publish', alarms).sites[0]
    expect(goesTo()).toBe('frankfurt')
    simulation.inflict({ what: 'reroute', machines: ['sender'], everyMs: 0, forMs: 20_000, routes })
    await simulation.run(1_000)
    expect(goesTo()).toBe('dublin')
    simulation.inflict({ what: 'crash', machine: 'sender', forMs: 0 })
    simulation.machine('sender', own)
    await simulation.run(1_000)
    expect(goesTo()).toBe('dublin')
    await simulation.run(20_000)
    expect(goesTo()).toBe('frankfurt')
  })
})

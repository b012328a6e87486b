import { type Client, createClient, json, primary, type StandardSchema, topic } from '@spanwire/core'
import { expect, it, onTestFinished } from 'vitest'
import { kafka } from '../src/index.js'
import { withKafka } from './rig/java.js'
import { controllerAt } from './rig/raw.js'
import { makeTopic } from './rig/roles.js'
import { siteOf } from './rig/site.js'

interface Tick {
  readonly symbol: string
  readonly n: number
}

const ticks = topic('ticks.{symbol}', json as StandardSchema<Tick>, { delivery: 'durable' })
const here = { environment: 'on-prem' } as const
/** Until publishing has moved: brokers are fenced later, and nobody waits for that. */
const MOVED_MS = 3_000
const COMPLETE_MS = 60_000

const cluster = siteOf({ nodes: 3 })
const second = siteOf()

function join(): Client {
  const client = createClient({
    here,
    sites: {
      a: { location: here, driver: kafka(), endpoints: cluster().endpoints },
      b: { location: { environment: 'cloud' }, driver: kafka(), endpoints: second().endpoints },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  onTestFinished(() => client.close({ timeout: '1s' }))
  return client
}

withKafka('a second site in the route', () => {
  it('takes over within 3 s when a partition leader of the first hangs, each message once and in order', async () => {
    const { nodes, endpoints } = cluster()
    const head = await controllerAt(endpoints[0] ?? '')
    const leader = nodes.find((_, at) => at + 1 !== head)
    if (leader === undefined) throw new Error('three brokers were started')
    await makeTopic(cluster(), ticks.spec.name, leader)
    const subscription = join().subscribe(ticks)
    await subscription.ready
    const got: number[] = []
    const reading = (async () => {
      for await (const { value } of subscription) got.push(value.n)
    })()
    const publisher = join()
    const stored: { readonly site: string; readonly atMs: number }[] = []
    const publish = async (n: number): Promise<void> => {
      const { sites } = await publisher.publish(ticks, { symbol: 'SAP', n }, { timeout: '30s' })
      stored.push({ site: sites.join(), atMs: performance.now() })
    }
    let n = 0
    while (n < 200) await publish(++n)
    const since = performance.now()
    leader.hang()
    onTestFinished(() => leader.heal())
    while (n < 400) await publish(++n)
    const moved = stored.slice(200)
    expect(moved[0]?.site).toBe('b')
    const tookMs = (moved[0]?.atMs ?? since) - since
    console.log(`moved after ${Math.round(tookMs)} ms`)
    expect(tookMs).toBeLessThan(MOVED_MS)
    await expect.poll(() => got.length, { timeout: COMPLETE_MS }).toBeGreaterThanOrEqual(n)
    leader.heal()
    await subscription.stop()
    await reading
    expect(got).toEqual(Array.from({ length: n }, (_, at) => at + 1))
  }, 120_000)
})

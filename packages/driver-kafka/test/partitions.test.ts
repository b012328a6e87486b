import { type ClientEvent, createClient, json, primary, type StandardSchema, topic } from '@spanwire/core'
import { expect, it, onTestFinished } from 'vitest'
import { durable } from '../../driver/test/talk.js'
import { kafka } from '../src/index.js'
import { withKafka } from './rig/java.js'
import { siteOf } from './rig/site.js'

const here = { environment: 'on-prem' } as const
const first = siteOf()
const second = siteOf()

/** The first warning of a client with these numbers of partitions at its two sites, and what it published. */
async function warned(name: string, partitions: readonly [number, number]) {
  const channel = topic(`${name}.{symbol}`, json as StandardSchema<{ symbol: string }>, { delivery: 'durable' })
  const siteAt = (endpoints: readonly string[], count: number) => {
    return { location: here, driver: kafka({ partitions: count }), endpoints }
  }
  const client = createClient({
    here,
    sites: { fra: siteAt(first().endpoints, partitions[0]), dub: siteAt(second().endpoints, partitions[1]) },
    routes: [{ match: '>', policy: primary('fra', 'dub') }],
  })
  onTestFinished(() => client.close({ timeout: '1s' }))
  const warnings: ClientEvent[] = []
  let heard = (): void => undefined
  const one = new Promise<void>((resolve) => {
    heard = resolve
  })
  void (async () => {
    for await (const event of client.watch()) {
      if (event.type !== 'warning') continue
      warnings.push(event)
      heard()
    }
  })()
  const subscription = client.subscribe(channel)
  await subscription.ready
  const { durability } = await client.publish(channel, { symbol: 'AAPL' })
  return { warnings, one, durability }
}

withKafka('two sites of one route', () => {
  it('are told, with both numbers, when they divide the keys of a channel differently, and work', async () => {
    const { name } = durable()
    const { warnings, one, durability } = await warned(name, [3, 4])
    await one
    expect(durability).toBe('stored')
    expect(warnings).toEqual([expect.anything()])
    const [warning] = warnings
    const text = warning?.type === 'warning' ? warning.message : ''
    expect(text).toContain(name)
    expect(text).toMatch(/\b3( partitions)? at fra/)
    expect(text).toMatch(/\b4( partitions)? at dub/)
    expect(text).toContain('make them equal')
  })

  it('that divide them the same way are not worth a word', async () => {
    const { warnings, durability } = await warned(durable().name, [3, 3])
    expect(durability).toBe('stored')
    expect(warnings).toEqual([])
  })
})

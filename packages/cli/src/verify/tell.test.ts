import { PassThrough } from 'node:stream'
import { createClient, json, primary, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { expect, it } from 'vitest'
import { Lines } from './lines.js'
import { tell } from './tell.js'

const quotes = topic('quotes', json)
const location = { environment: 'on-prem' } as const

it('says what a failover came to, at the latest when the client closes', async () => {
  const [a, b] = [createEngine({ name: 'a' }), createEngine({ name: 'b' })]
  const client = createClient({
    here: location,
    sites: {
      a: { location, driver: memory(a), endpoints: ['a'] },
      b: { location, driver: memory(b), endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  const out = new PassThrough()
  const lines = new Lines(out, () => undefined)
  const told = tell(client, lines, { p: 7 })
  const subscription = client.subscribe(quotes)
  await subscription.ready
  await client.publish(quotes, 1)
  a.kill()
  // It goes to the other site once the loss is known.
  expect(await client.publish(quotes, 2)).toMatchObject({ sites: ['b'] })
  await client.close()
  await told
  await lines.flush()
  const printed = String(out.read())
    .trim()
    .split('\n')
    .map((line): { name: string } => JSON.parse(line))
  const [record, ...more] = printed.filter(({ name }) => name === 'failover_record')
  expect(more).toEqual([])
  expect(record).toMatchObject({ site: 'a', p: 7, pid: process.pid, unnamed: 0 })
  expect(record).toMatchObject({ firstSignAt: expect.any(Number), detectedAt: expect.any(Number), lanes: 1 })
  expect(record).toMatchObject({ switchedAt: expect.any(Number), reads: [{ channel: 'quotes', kind: 'topic' }] })
  expect(record).not.toHaveProperty('type')
  expect(record).not.toHaveProperty('at')
})

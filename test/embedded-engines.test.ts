import { createClient, text, topic } from '@spanwire/core'
import { websocket } from '@spanwire/driver-websocket'
import { type EngineNode, installEngine, startEngines } from '@spanwire/testkit/engines'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'

const prices = topic('prices', text, { delivery: 'durable' })
const location = { environment: 'on-prem' } as const

/** What a client that names no credentials reads from the beginning until an `end` that it publishes itself. */
async function bids(node: EngineNode, ...published: string[]): Promise<readonly string[]> {
  const client = createClient({
    here: location,
    sites: { site1: { location, driver: websocket({ WebSocket }), endpoints: [node.endpoint] } },
  })
  try {
    for (const bid of [...published, 'end']) await client.publish(prices, bid)
    const read: string[] = []
    for await (const { value } of client.subscribe(prices, undefined, { from: 'beginning' })) {
      if (value === 'end') return read
      read.push(value)
    }
    return read
  } finally {
    await client.close()
  }
}

it('serves a client that names no credentials, and is empty after a restart', async () => {
  const { source } = await installEngine('embedded')
  expect(source).toBe('@spanwire/cli')
  await using engines = await startEngines({ engine: 'embedded', sites: 2 })
  const [node] = engines.sites.flatMap(({ nodes }) => nodes)
  if (node === undefined) throw new Error('no node')
  expect(await bids(node, '1', '2')).toEqual(['1', '2'])
  await node.kill()
  await node.restart()
  expect(await bids(node, '3')).toEqual(['3'])
  await expect(node.reload()).rejects.toThrow('site1-1 cannot read its configuration again: only nats can')
})

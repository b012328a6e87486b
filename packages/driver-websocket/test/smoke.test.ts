import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway } from '@spanwire/gateway'
import { expect, it } from 'vitest'
import { WebSocket as Socket } from 'ws'
import { websocket } from '../src/index.js'

const how = {
  client: 'c1',
  nonce: 'A'.repeat(16),
  missing: 'create',
  credentials: async () => ({ by: 'none' as const }),
} as const

it('carries a message there and back', async () => {
  const engine = createEngine()
  const gateway = await createGateway({
    upstream: () => memory(engine).connect(['m'], how, AbortSignal.timeout(1_000)),
    listen: { port: 0 },
    authenticate: () => ({ subject: 'me', relay: true }),
    authorize: () => true,
  })
  const link = await websocket({ WebSocket: Socket }).connect([gateway.url], how, AbortSignal.timeout(1_000))
  await link.probe(AbortSignal.timeout(1_000))
  const channel = await link.open(
    { name: 'a', params: 1, kind: 'topic', keep: 'live', latest: false },
    AbortSignal.timeout(1_000),
  )
  const reception = await channel.receive({}, { messages: 10, bytes: 10_000 }, AbortSignal.timeout(1_000))
  const outcomes: unknown[] = []
  channel.send(
    [
      { path: 'x', body: 'hello' },
      { path: 'y', body: new Uint8Array([0, 255]) },
    ],
    (index, { outcome }) => outcomes.push([index, outcome]),
  )
  const batch = await reception.next()
  expect(batch?.deliveries.map((one) => one.path)).toEqual(['x', 'y'])
  await link.close(AbortSignal.timeout(1_000))
  await gateway.close()
  expect(outcomes).toEqual([
    [0, 'done'],
    [1, 'done'],
  ])
  expect(engine.counts()).toMatchObject({ links: 0, receptions: 0 })
})

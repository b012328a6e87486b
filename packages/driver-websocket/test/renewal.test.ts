import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway } from '@spanwire/gateway'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { websocket } from '../src/index.js'

it('a link that renews its token again and again leaves no listener behind', async () => {
  let shown = 0
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  await using gateway = await createGateway({
    upstream: () =>
      memory(createEngine()).connect(
        ['memory'],
        { client: 'gateway', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
        AbortSignal.timeout(5_000),
      ),
    listen: { port: 0 },
    authenticate: () => {
      shown += 1
      return { subject: 'desk', expiresAtMs: Date.now() + 40 }
    },
    authorize: () => true,
  })
  const link = await websocket({ WebSocket }).connect(
    [gateway.url],
    {
      client: 'desk',
      nonce: 'A'.repeat(16),
      missing: 'create',
      credentials: async () => ({ by: 'token', token: 'desk' }),
    },
    AbortSignal.timeout(5_000),
  )
  // Node warns of the eleventh listener on a signal.
  await expect.poll(() => shown, { timeout: 10_000 }).toBeGreaterThan(13)
  await link.close(AbortSignal.timeout(5_000))
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})

import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway } from '@spanwire/gateway'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { websocket } from '../src/index.js'

const options = {
  nonce: 'A'.repeat(16),
  missing: 'create',
  credentials: async () => ({ by: 'none' as const }),
} as const

it('a gateway that is too busy says when to come back, and lets in who does', async () => {
  let open = (): void => {}
  const shut = new Promise<void>((resolve) => {
    open = resolve
  })
  await using gateway = await createGateway({
    upstream: () =>
      memory(createEngine()).connect(['memory'], { ...options, client: 'gateway' }, AbortSignal.timeout(5_000)),
    listen: { port: 0 },
    limits: { hellos: { atOnce: 1, waitMs: 0 } },
    authenticate: async () => {
      await shut
      return { subject: 'desk' }
    },
    authorize: () => true,
  })
  const dial = (client: string) =>
    websocket({ WebSocket }).connect([gateway.url], { ...options, client }, AbortSignal.timeout(20_000))
  const [first, second] = [dial('first'), dial('second')]
  await expect.poll(() => gateway.health().waiting).toBe(1)
  await expect(dial('third')).rejects.toMatchObject({
    code: 'overloaded',
    scope: 'link',
    retryable: true,
    retryAfterMs: expect.toSatisfy((ms) => Number.isInteger(ms) && ms > 0),
    message: expect.stringContaining(gateway.url),
  })
  open()
  const links = await Promise.all([first, second])
  links.push(await dial('third'))
  await Promise.all(links.map((link) => link.close(AbortSignal.timeout(5_000))))
})

import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { createGateway, type Gateway, type GatewayOptions } from '../src/index.js'

export interface TestHouse extends AsyncDisposable {
  readonly engine: MemoryEngine
  readonly gateway: Gateway
}

/** A gateway before a memory engine, open to everybody unless told otherwise. */
export async function house(options: Partial<GatewayOptions> = {}): Promise<TestHouse> {
  const engine = createEngine()
  const connect = {
    client: 'gateway',
    nonce: 'A'.repeat(16),
    missing: 'create',
    credentials: async () => ({ by: 'none' as const }),
  } as const
  const gateway = await createGateway({
    upstream: () => memory(engine).connect(['memory'], connect, AbortSignal.timeout(5_000)),
    listen: { port: 0 },
    authenticate: (token) => ({ subject: token ?? 'nobody' }),
    authorize: () => true,
    ...options,
  })
  return {
    engine,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close()
      engine.kill()
    },
  }
}

export const TOPIC = { kind: 'topic', name: 'quotes', params: 1, keep: 'live', latest: false } as const
export const QUEUE = { kind: 'queue', name: 'orders', params: 0, leaseMs: 30_000 } as const
export const FLOW = { messages: 100, bytes: 1 << 20 } as const

import type { Harness } from '@spanwire/testkit'
import { createEngine, type Fault, type MemoryEngine, type MemoryOptions, memory } from '../src/index.js'
import { connectOptions, NEVER, numbers, send } from './rig.js'

const noNetwork = 'the engine lives in this process: no network, no bytes on any wire'
/** Few enough to be filled by a test, enough for the ten thousand of S1. */
const RETAINED = 12_000

/** The engine with everything that can be done to it. */
export function harness(options: MemoryOptions = {}): Harness {
  return {
    async setup() {
      const engine = createEngine({
        authenticate: (credentials) => credentials.by === 'token' && credentials.token === 'good-token',
        retain: { messages: RETAINED },
        beatMs: 250,
      })
      return {
        driver: memory(engine, options),
        endpoints: ['memory'],
        credentials: { by: 'token', token: 'good-token' },
        kill: async () => engine.kill(),
        terminate: async () => {
          engine.drain({ reason: 'shutting down' })
          engine.kill()
        },
        restart: async (how) => engine.restart(how),
        hang: async () => engine.hang(),
        heal: async () => engine.heal(),
        cut: async () => engine.cut('connection'),
        expireCredentials: async () => engine.cut('credentials'),
        makesChannels: true,
        deleteChannel: async ({ name }) => void engine.delete(name),
        revoke: async ({ name }) => engine.revoke(name),
        expire: ({ name }) => expire(engine, name),
        stall: ({ name }) => ail(engine, name, 'stalled'),
        leaderLoss: ({ name }) => ail(engine, name, 'leaderless'),
        drainNotice: async () => engine.drain({ reason: 'rolling restart', withinMs: 60_000 }),
        badCredentials: [
          {
            what: 'wrong token',
            secrets: ['bad-token'],
            credentials: async () => ({ by: 'token', token: 'bad-token' }),
          },
          { what: 'none', credentials: async () => ({ by: 'none' }) },
          {
            what: 'expired',
            secrets: ['good-token'],
            credentials: async () => ({ by: 'token', token: 'good-token', expiresAtMs: Date.now() - 1 }),
          },
        ],
        resources: async () => {
          const { links, receptions, due } = engine.counts()
          return { links, receptions, due }
        },
        dispose: async () => engine.kill(),
      }
    },
    skip: {
      'C1/silent port': noNetwork,
      C4: noNetwork,
      O2: 'it keeps every setting that a channel can have',
      S12: 'no other client speaks to it',
      'E1/garbage': noNetwork,
    },
  }
}

async function ail(
  engine: MemoryEngine,
  channel: string,
  fault: Exclude<Fault, 'forbidden'>,
): Promise<() => Promise<void>> {
  engine.fault(channel, fault)
  return async () => engine.cure(channel)
}

/** Sends so many that retention takes what was there before. */
async function expire(engine: MemoryEngine, name: string): Promise<number> {
  const credentials = async () => ({ by: 'token', token: 'good-token' }) as const
  const link = await memory(engine).connect(['memory'], connectOptions({ credentials }), NEVER)
  const channel = await link.open({ name, params: 1, kind: 'topic', keep: 'durable', latest: false }, NEVER)
  await send(channel, ...numbers(RETAINED).map((body) => ({ path: 'a', body })))
  await link.close(NEVER)
  return RETAINED
}

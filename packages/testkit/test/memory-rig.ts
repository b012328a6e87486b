import type { ChannelSpec, ConnectOptions, Driver } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import type { Rig } from '../src/index.js'

/** Small enough to be filled by a test, large enough for the ten thousand of S1. */
const RETAINED = 12_000

/** The memory engine with everything that can be done to it. `wrap`: for drivers with a planted bug. */
export function memoryRig(wrap: (driver: Driver) => Driver = (driver) => driver) {
  const engine = createEngine({
    retain: { messages: RETAINED },
    beatMs: 100,
    authenticate: (offered) => offered.by !== 'token' || offered.token === 'right',
  })
  const driver = memory(engine)
  return {
    driver: wrap(driver),
    endpoints: ['memory'],
    credentials: { by: 'token', token: 'right' },
    kill: async () => engine.kill(),
    restart: async (how) => engine.restart(how),
    hang: async () => engine.hang(),
    heal: async () => engine.heal(),
    makesChannels: true,
    deleteChannel: async (spec) => void engine.delete(spec.name),
    revoke: async (spec) => engine.revoke(spec.name),
    drainNotice: async () => engine.drain({ reason: 'rehearsal', withinMs: 2_000 }),
    badCredentials: [
      {
        what: 'a wrong token',
        credentials: async () => ({ by: 'token', token: 'sw-wrong-secret' }),
        secrets: ['sw-wrong-secret'],
      },
      { what: 'an expired token', credentials: async () => ({ by: 'token', token: 'right', expiresAtMs: 1 }) },
    ],
    expire: (spec) => fill(driver, spec),
    resources: async () => countsOf(engine),
    dispose: async () => engine.kill(),
  } satisfies Rig
}

function countsOf(engine: MemoryEngine) {
  const { links, receptions, due } = engine.counts()
  return { links, receptions, due }
}

/** Sends so many that retention takes what was there before. */
async function fill(driver: Driver, spec: ChannelSpec): Promise<number> {
  const options: ConnectOptions = {
    client: 'filler',
    nonce: 'conformanceNonce',
    missing: 'refuse',
    credentials: async () => ({ by: 'token', token: 'right' }),
  }
  const signal = AbortSignal.timeout(5_000)
  const link = await driver.connect(['memory'], options, signal)
  const channel = await link.open(spec, signal)
  const batch = Array.from({ length: RETAINED }, () => ({ path: 'a', body: 'filler' }))
  await new Promise<void>((resolve) => {
    let open = batch.length
    channel.send(batch, () => {
      open -= 1
      if (open === 0) resolve()
    })
  })
  await link.close(signal)
  return batch.length
}

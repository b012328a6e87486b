import type { Driver } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import type { Rig } from '../src/index.js'

/** A memory engine of its own and the driver to it, perhaps with a planted bug: then with little patience, as bugs make waits run out. */
export function memoryRig(plant?: (driver: Driver) => Driver): Rig {
  const engine = createEngine({ beatMs: 100, retain: { messages: 12_000 } })
  const good = memory(engine)
  return {
    driver: plant?.(good) ?? good,
    endpoints: ['memory'],
    patienceMs: plant === undefined ? 10_000 : 1_000,
    leaseMs: 200,
    kill: async () => engine.kill(),
    restart: async (how) => engine.restart(how),
    hang: async () => engine.hang(),
    heal: async () => engine.heal(),
    makesChannels: true,
    resources: async () => {
      const { links, receptions, due } = engine.counts()
      return { links, receptions, due }
    },
    dispose: async () => engine.kill(),
  }
}

import type { Driver } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import type { Host, World } from './world.js'

/** One location with one engine, which lives on the virtual clock. */
export interface Site {
  readonly name: string
  readonly host: Host
  readonly engine: MemoryEngine
  readonly driver: Driver
  /** From now on it knows nobody; what is connected is thrown out. */
  revoke(): void
  permit(): void
  /** When its data was destroyed, virtual ms. */
  readonly wiped: number[]
}

/** Messages that an idle reception's engine is silent for at most, ms. */
const BEAT_MS = 1_000

export function makeSite(world: World, name: string): Site {
  const host = world.host(name)
  let revoked = false
  const engine = createEngine({
    name,
    clock: host.runtime,
    beatMs: BEAT_MS,
    authenticate: () => !revoked,
  })
  return {
    name,
    host,
    engine,
    driver: memory(engine),
    wiped: [],
    revoke() {
      revoked = true
      engine.cut('credentials')
    },
    permit() {
      revoked = false
    },
  }
}

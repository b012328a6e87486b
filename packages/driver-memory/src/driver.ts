import type { Driver } from '@spanwire/driver'
import type { Ability } from './abilities.js'
import { createEngine, type MemoryEngine } from './engine.js'
import type { EngineOptions } from './options.js'

export interface MemoryOptions {
  /** Abilities that this driver denies, as a lesser engine would: a channel's `can` lacks them, and using them is refused. */
  readonly without?: readonly Ability[]
}

/**
 * A driver to an engine in this process. Give it an engine that you made, so that others reach it too and you can kill
 * it; with options, or nothing, it makes one of its own. Endpoints may be any text.
 */
export function memory(engine: MemoryEngine | EngineOptions = {}, options: MemoryOptions = {}): Driver {
  const target = 'connect' in engine ? engine : createEngine(engine)
  const without = new Set(options.without)
  return {
    spec: 1,
    name: 'memory',
    dials: 'one',
    connect: (endpoints, connectOptions, signal) =>
      target.connect({ endpoint: endpoints[0] ?? 'memory', options: connectOptions, without }, signal),
  }
}

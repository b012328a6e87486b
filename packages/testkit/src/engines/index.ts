export type { EngineName, EngineNode, EngineSite, Engines, InstalledEngine, NodeState } from './engine.js'
export { type InstallOptions, installEngine } from './install.js'
export type { NatsServer } from './nats-install.js'
export { type StartOptions, startEngines } from './start.js'

export { type Runtime, systemRuntime } from './runtime/runtime.js'

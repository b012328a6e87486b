/** What every page of ours pays for, as one bundle: see .size-limit.mjs. */
export * from '../../packages/core/dist/index.js'
export * from '../../packages/driver-websocket/dist/index.js'

/** What a page pays for that shows quotes, over `all()`: tables and subscriptions. See .size-limit.mjs. */
export { all, createBareClient, subscribe, table, topic } from '../../../packages/core/dist/index.js'
export { websocket } from '../../../packages/driver-websocket/dist/index.js'

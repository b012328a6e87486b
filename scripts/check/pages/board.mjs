/** What a page pays for that only shows the newest values, over `all()`: tables. See .size-limit.mjs. */
export { all, createBareClient, table, topic } from '../../../packages/core/dist/index.js'
export { websocket } from '../../../packages/driver-websocket/dist/index.js'

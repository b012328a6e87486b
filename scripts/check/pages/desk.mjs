/** What a page pays for that also publishes and asks. See .size-limit.mjs. */
export {
  all,
  createBareClient,
  primary,
  publish,
  request,
  rpc,
  subscribe,
  table,
  topic,
} from '../../../packages/core/dist/index.js'
export { websocket } from '../../../packages/driver-websocket/dist/index.js'

/** What a page pays for that uses the client with all verbs as methods. All of core but the hop, which only gateways and bridges import. */
export {
  all,
  bytes,
  createClient,
  json,
  local,
  nearest,
  pinned,
  primary,
  queue,
  rpc,
  text,
  topic,
  weighted,
} from '../../../packages/core/dist/index.js'
export { websocket } from '../../../packages/driver-websocket/dist/index.js'

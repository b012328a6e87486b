export { createGateway, type Gateway, type Health } from './gateway.js'
export { publisherOf } from './grants.js'
export {
  type Authenticate,
  type Authorize,
  allowAll,
  anonymous,
  type Busy,
  type GatewayOptions,
  type Limits,
  type MakeLink,
  type OwnPort,
  type Principal,
  type ServerTls,
  type Timing,
  type Verb,
} from './options.js'

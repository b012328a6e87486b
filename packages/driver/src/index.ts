export type {
  Answer,
  Body,
  Cancel,
  Capabilities,
  Channel,
  ChannelSpec,
  Headers,
  Outgoing,
  Reply,
  SendOutcome,
} from './channel.js'
export type { ConnectOptions, Credentials, Driver, Endpoint } from './driver.js'
export { type Code, MessagingError, type MessagingErrorOptions, type Scope } from './errors.js'
export type { DrainNotice, EngineInfo, Link, LinkEnd } from './link.js'
export { isChannelName, isPath, isPathPattern, matchesPath } from './names.js'
export type { Batch, Delivery, Flow, Reception, Source, Start } from './reception.js'

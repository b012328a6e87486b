export { credentialsFor } from './credentials.js'
export { addressOf, type EndpointForm, type Place, placeOf, urlOf } from './endpoint.js'
export { abortedAt, channelError, invalid, linkError, maybe, notHeld } from './errors.js'
export { Hold, type Settlement, type Terms } from './hold.js'
export { type Feed, Intake } from './intake.js'
export { Leases } from './leases.js'
export { Life } from './life.js'
export type { Member } from './member.js'
export { obeying } from './obeying.js'
export { DONE, failed, handOver, Open, type Report } from './open.js'
export {
  assertOptions,
  atLeast,
  flag,
  made,
  type OptionForm,
  type OptionForms,
  oneOf,
  text,
  texts,
  wholeAtLeast,
} from './options.js'
export { Pile } from './pile.js'
export { Shelf } from './shelf.js'
export { assertName, assertSource, passing } from './source.js'
export { tlsFault } from './tls-fault.js'

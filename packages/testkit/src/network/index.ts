export { type Authority, type Certificate, type CertificateOptions, createAuthority } from './authority.js'
export { Relay, type RelayOptions } from './relay.js'
export { silentEndpoint } from './silent.js'

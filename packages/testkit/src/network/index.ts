export { type Authority, type Certificate, type CertificateOptions, createAuthority } from './authority.js'
export { Relay, type RelayOptions, type Way } from './relay.js'
export { silentEndpoint } from './silent.js'

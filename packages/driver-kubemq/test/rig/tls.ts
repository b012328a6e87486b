import type { TlsFault } from '@spanwire/testkit'
import { createAuthority } from '@spanwire/testkit/network'
import { secureServer } from './secure.js'

/** Ways in which TLS does not fit. A server takes clients without a certificate whatever it is told. */
export async function tlsFaults() {
  const authority = createAuthority('kubemq tests')
  const server = await secureServer(authority.issue({ name: 'kubemq', ips: ['127.0.0.1'] }), authority.cert)
  const endpoints = [server.endpoint]
  const faults: readonly TlsFault[] = [
    { what: 'unknown authority', endpoints, tls: { ca: createAuthority('other').cert }, says: /authority/ },
    { what: 'wrong name', endpoints, tls: { ca: authority.cert, serverName: 'elsewhere.example' }, says: /name/ },
  ]
  return { tlsFaults: faults, dispose: () => server.dispose() }
}

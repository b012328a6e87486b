const FAULTS: readonly (readonly [RegExp, (peer: string) => string])[] = [
  [/ALTNAME/, () => 'the certificate is for another name: check the endpoint, or set serverName'],
  [/CERTIFICATE_REQUIRED/, (peer) => `the ${peer} asks for a client certificate: set cert and key`],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, (peer) => `the certificate of the ${peer} is not valid now: check its dates`],
  [/ALERT|HANDSHAKE/, (peer) => `the ${peer} refused our certificate or version of TLS`],
  [
    /UNABLE_TO|SELF_SIGNED|CERT_UNTRUSTED|ISSUER/,
    () => 'the certificate comes from an unknown authority (CA): set ca to the one that signed it',
  ],
]

/** What does not fit and what to check, by a code of Node or OpenSSL; undefined: it is no such code. `peer`: what the other side is called. */
export function tlsFault(code: string, peer: string): string | undefined {
  return FAULTS.find(([fits]) => fits.test(code))?.[1](peer)
}

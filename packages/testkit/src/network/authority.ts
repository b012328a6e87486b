import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { BITS, BOOLEAN_TRUE, der, explicit, INTEGER, OCTETS, OID, SEQUENCE, SET, time, utf8 } from './der.js'

/** A certificate and its private key, both PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** The common name of its subject. */
  readonly name: string
  readonly dns?: readonly string[]
  /** IPv4. */
  readonly ips?: readonly string[]
  readonly emails?: readonly string[]
  /** Unix ms; absent: in a day. */
  readonly untilMs?: number
}

/** Issues the certificates of a test. It lives in memory and is trusted by nobody who was not told to. */
export interface Authority {
  /** Its own certificate, PEM: what whoever trusts it is given as `ca`. */
  readonly cert: string
  /** A certificate for servers and clients alike, on a new P-256 key. */
  issue(options: CertificateOptions): Certificate
}

const DAY_MS = 86_400_000
const COMMON_NAME = [0x55, 0x04, 0x03]
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13]
const ALTERNATIVE_NAMES = [0x55, 0x1d, 0x11]
const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))
/** Tags of general names, RFC 5280 4.2.1.6. */
const EMAIL = 0x81
const DNS = 0x82
const IP = 0x87

/** Makes an authority of its own; two with the same name still do not trust each other. */
export function createAuthority(name: string): Authority {
  const keys = newKeys()
  const issuer = distinguished(`${name} ${randomBytes(4).toString('hex')}`)
  const isAuthority = extension(BASIC_CONSTRAINTS, der(SEQUENCE, BOOLEAN_TRUE))
  return {
    cert: certify({ issuer, subject: issuer, subjectKey: keys.publicKey, by: keys.privateKey, extension: isAuthority }),
    issue(options) {
      const own = newKeys()
      const cert = certify({
        issuer,
        subject: distinguished(options.name),
        subjectKey: own.publicKey,
        by: keys.privateKey,
        extension: extension(ALTERNATIVE_NAMES, der(SEQUENCE, ...alternatives(options))),
        ...(options.untilMs !== undefined && { untilMs: options.untilMs }),
      })
      return { cert, key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}

interface Statement {
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly subjectKey: KeyObject
  readonly by: KeyObject
  readonly extension: Uint8Array
  readonly untilMs?: number
}

/** An X.509 certificate, version 3, PEM (RFC 5280 4.1). */
function certify({ issuer, subject, subjectKey, by, extension: more, untilMs }: Statement): string {
  const now = Date.now()
  const statement = der(
    SEQUENCE,
    explicit(0, der(INTEGER, [2])),
    // Positive, whatever the random bits.
    der(INTEGER, [1, ...randomBytes(15)]),
    ECDSA_WITH_SHA256,
    issuer,
    der(SEQUENCE, time(now - DAY_MS), time(untilMs ?? now + DAY_MS)),
    subject,
    subjectKey.export({ type: 'spki', format: 'der' }),
    explicit(3, der(SEQUENCE, more)),
  )
  const signature = sign('sha256', statement, by)
  const whole = der(SEQUENCE, statement, ECDSA_WITH_SHA256, der(BITS, [0], signature))
  const lines =
    Buffer.from(whole)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function distinguished(name: string): Uint8Array {
  return der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, COMMON_NAME), utf8(name))))
}

function extension(id: readonly number[], value: Uint8Array): Uint8Array {
  return der(SEQUENCE, der(OID, id), der(OCTETS, value))
}

function alternatives({ dns = [], ips = [], emails = [] }: CertificateOptions): Uint8Array[] {
  return [
    ...dns.map((name) => der(DNS, Buffer.from(name))),
    ...ips.map((ip) => der(IP, ip.split('.').map(Number))),
    ...emails.map((email) => der(EMAIL, Buffer.from(email))),
  ]
}

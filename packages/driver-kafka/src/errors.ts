import { type ChannelSpec, type Code, MessagingError, type MessagingErrorOptions, type Scope } from '@spanwire/driver'
import type { KafkaError } from './port/error.js'

/** An error of the whole link. */
export function linkError(code: Code, message: string, options?: MessagingErrorOptions): MessagingError {
  return new MessagingError(code, message, { ...options, scope: 'link' })
}

/** An error of one channel. */
export function channelError(code: Code, message: string, options?: MessagingErrorOptions): MessagingError {
  return new MessagingError(code, message, { ...options, scope: 'channel' })
}

/** Why a wait that obeys a signal ended: `timeout` when the signal was a deadline, else `canceled`. */
export function aborted(signal: AbortSignal, what: string): MessagingError {
  const cause: unknown = signal.reason
  return cause instanceof Error && cause.name === 'TimeoutError'
    ? new MessagingError('timeout', `${what} got no answer from Kafka in time.`, { cause })
    : new MessagingError('canceled', `${what} was canceled by its caller's signal.`, { cause })
}

export function closed(where: string): MessagingError {
  return linkError('closed', `The link to Kafka at ${where} was closed by us.`)
}

/** What was handed over and got no answer ends with. */
export function maybe(why: string, scope: Scope, cause?: unknown): MessagingError {
  return new MessagingError('outcome-unknown', `${why} It may have been taken.`, { scope, cause })
}

export function invalid(what: string, { name, params }: ChannelSpec): MessagingError {
  return new MessagingError('invalid', `Not ${what} of ${name}, which has ${params} parameters.`)
}

export function incapable(channel: string, what: string): MessagingError {
  return channelError('capability', `Channel ${channel} cannot ${what} on Kafka.`)
}

export function notHeld(): MessagingError {
  return new MessagingError(
    'conflict',
    'The delivery is not ours any more: settled, given back, its lease is over, or its partition went to another member.',
  )
}

/** What Kafka says no with, and what to look at. */
const CODES: Readonly<Record<string, readonly [Code, string]>> = {
  NETWORK: ['unavailable', 'no connection to the broker that is needed'],
  TIMEOUT: ['timeout', 'a broker did not answer in time'],
  TLS: ['unavailable', 'TLS does not fit: check ca, cert, key and serverName, and that this is a TLS port'],
  SASL_AUTHENTICATION_FAILED: ['unauthenticated', 'the credentials were refused; check user, password and mechanism'],
  ILLEGAL_SASL_STATE: ['unauthenticated', 'the listener does not ask for SASL as we speak it; check the mechanism'],
  UNSUPPORTED_SASL_MECHANISM: ['unauthenticated', 'the broker does not know this SASL mechanism; set `sasl`'],
  TOPIC_AUTHORIZATION_FAILED: ['forbidden', 'this user may not do that with the topic; grant it by an ACL'],
  GROUP_AUTHORIZATION_FAILED: ['forbidden', 'this user may not read in the group; grant READ on it by an ACL'],
  CLUSTER_AUTHORIZATION_FAILED: ['forbidden', 'this user may not do that on the cluster; grant it by an ACL'],
  UNKNOWN_TOPIC_OR_PARTITION: ['not-found', 'the topic does not exist'],
  UNKNOWN_TOPIC_ID: ['not-found', 'the topic was removed'],
  INVALID_TOPIC_EXCEPTION: ['invalid', 'the name of the topic is refused'],
  MESSAGE_TOO_LARGE: ['too-large', 'it is above the max.message.bytes of the topic'],
  RECORD_LIST_TOO_LARGE: ['too-large', 'it is above the size of a segment of the topic'],
  INVALID_RECORD: ['invalid', 'the broker refuses the record; a compacted topic takes none without a key'],
  POLICY_VIOLATION: ['forbidden', 'a policy of the cluster refuses it'],
  INVALID_REPLICATION_FACTOR: ['invalid', 'there are fewer brokers than copies wanted; set replicas'],
  INVALID_PARTITIONS: ['invalid', 'the number of partitions is refused'],
  INVALID_CONFIG: ['capability', 'the cluster does not take a setting of this channel'],
  UNSUPPORTED_VERSION: ['capability', 'the cluster is too old or too new for what was asked'],
  NOT_ENOUGH_REPLICAS: ['unavailable', 'too few replicas of the partition are in sync'],
  LEADER_NOT_AVAILABLE: ['unavailable', 'the partition has no leader at the moment'],
  NOT_LEADER_OR_FOLLOWER: ['unavailable', 'the partition has another leader by now'],
  NOT_LEADER_FOR_PARTITION: ['unavailable', 'the partition has another leader by now'],
  THROTTLING_QUOTA_EXCEEDED: ['overloaded', 'a quota of this user is used up'],
  UNREADABLE: ['decode', 'records cannot be read here'],
}

/** TLS faults by the code of Node and OpenSSL: what does not fit, and what to check. */
const TLS: readonly (readonly [RegExp, string])[] = [
  [/ALTNAME/, 'the certificate is for another name: check the endpoint, or set serverName'],
  [/CERTIFICATE_REQUIRED/, 'the broker asks for a client certificate: set cert and key'],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'the certificate of the broker is not valid now: check its dates'],
  [
    /UNABLE_TO|SELF_SIGNED|CERT_UNTRUSTED|ISSUER/,
    'the certificate comes from an unknown authority (CA): set ca to the one that signed it',
  ],
  [/ALERT|HANDSHAKE/, 'the broker refused our certificate or version of TLS'],
]

function tlsFault({ cause }: KafkaError): string | undefined {
  for (let one = cause; one instanceof Error; one = one.cause) {
    const code = 'code' in one ? String(one.code) : ''
    const fault = TLS.find(([fits]) => fits.test(code))
    if (fault) return fault[1]
  }
  return undefined
}

/** An error of the port as one of ours. `what`: what was tried, and where. */
export function translated(what: string, error: KafkaError, scope: Scope): MessagingError {
  const [code, why] = CODES[error.code] ?? [error.fatal ? 'unauthenticated' : 'unavailable', 'Kafka said no']
  const options = { cause: error, scope, ...(error.code === 'TLS' && { retryable: false }) }
  const said = error.message.replace(/\.$/, '')
  return new MessagingError(code, `${what}: ${tlsFault(error) ?? why} (${error.code}: ${said}).`, options)
}

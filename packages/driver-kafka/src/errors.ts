import { type Code, MessagingError, type Scope } from '@spanwire/driver'
import { abortedAt, channelError, linkError, notHeld as notOurs, tlsFault } from '@spanwire/driver/kit'
import type { KafkaError } from './port/error.js'

/** Why a wait that obeys a signal ended. */
export function aborted(signal: AbortSignal, what: string): MessagingError {
  return abortedAt('Kafka', signal, what)
}

export function closed(where: string): MessagingError {
  return linkError('closed', `The link to Kafka at ${where} was closed by us.`)
}

export function incapable(channel: string, what: string): MessagingError {
  return channelError('capability', `Channel ${channel} cannot ${what} on Kafka.`)
}

/** Kafka's groups are divided anew now and then. */
export function notHeld(): MessagingError {
  return notOurs(', or its partition went to another member')
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

function tlsFaultOf({ cause }: KafkaError): string | undefined {
  for (let one = cause; one instanceof Error; one = one.cause) {
    const code = 'code' in one ? String(one.code) : ''
    const fault = tlsFault(code, 'broker')
    if (fault) return fault
  }
  return undefined
}

/** An error of the port as one of ours. `what`: what was tried, and where. */
export function translated(what: string, error: KafkaError, scope: Scope): MessagingError {
  const [code, why] = CODES[error.code] ?? [error.fatal ? 'unauthenticated' : 'unavailable', 'Kafka said no']
  const options = { cause: error, scope, ...(error.code === 'TLS' && { retryable: false }) }
  const said = error.message.replace(/\.$/, '')
  return new MessagingError(code, `${what}: ${tlsFaultOf(error) ?? why} (${error.code}: ${said}).`, options)
}

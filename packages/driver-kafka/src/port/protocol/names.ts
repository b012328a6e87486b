import { KafkaError } from '../error.js'

/** Names of the protocol's errors, with a mark on those that pass by themselves: `~`. */
const NAMES: Readonly<Record<number, string>> = {
  [-1]: 'UNKNOWN_SERVER_ERROR',
  1: 'OFFSET_OUT_OF_RANGE',
  2: '~CORRUPT_MESSAGE',
  3: '~UNKNOWN_TOPIC_OR_PARTITION',
  4: 'INVALID_FETCH_SIZE',
  5: '~LEADER_NOT_AVAILABLE',
  6: '~NOT_LEADER_OR_FOLLOWER',
  7: '~REQUEST_TIMED_OUT',
  8: '~BROKER_NOT_AVAILABLE',
  9: '~REPLICA_NOT_AVAILABLE',
  10: 'MESSAGE_TOO_LARGE',
  13: '~NETWORK_EXCEPTION',
  14: '~COORDINATOR_LOAD_IN_PROGRESS',
  15: '~COORDINATOR_NOT_AVAILABLE',
  16: '~NOT_COORDINATOR',
  17: 'INVALID_TOPIC_EXCEPTION',
  18: 'RECORD_LIST_TOO_LARGE',
  19: '~NOT_ENOUGH_REPLICAS',
  20: '~NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  21: 'INVALID_REQUIRED_ACKS',
  22: 'ILLEGAL_GENERATION',
  23: 'INCONSISTENT_GROUP_PROTOCOL',
  24: 'INVALID_GROUP_ID',
  25: 'UNKNOWN_MEMBER_ID',
  26: 'INVALID_SESSION_TIMEOUT',
  27: '~REBALANCE_IN_PROGRESS',
  28: 'INVALID_COMMIT_OFFSET_SIZE',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  30: 'GROUP_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  32: 'INVALID_TIMESTAMP',
  33: 'UNSUPPORTED_SASL_MECHANISM',
  34: 'ILLEGAL_SASL_STATE',
  35: 'UNSUPPORTED_VERSION',
  36: 'TOPIC_ALREADY_EXISTS',
  37: 'INVALID_PARTITIONS',
  38: 'INVALID_REPLICATION_FACTOR',
  39: 'INVALID_REPLICA_ASSIGNMENT',
  40: 'INVALID_CONFIG',
  41: '~NOT_CONTROLLER',
  42: 'INVALID_REQUEST',
  43: 'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  44: 'POLICY_VIOLATION',
  56: '~KAFKA_STORAGE_ERROR',
  58: 'SASL_AUTHENTICATION_FAILED',
  72: '~LISTENER_NOT_FOUND',
  73: 'TOPIC_DELETION_DISABLED',
  74: '~FENCED_LEADER_EPOCH',
  75: '~UNKNOWN_LEADER_EPOCH',
  76: 'UNSUPPORTED_COMPRESSION_TYPE',
  78: '~OFFSET_NOT_AVAILABLE',
  79: 'MEMBER_ID_REQUIRED',
  81: 'GROUP_MAX_SIZE_REACHED',
  82: 'FENCED_INSTANCE_ID',
  87: 'INVALID_RECORD',
  88: '~UNSTABLE_OFFSET_COMMIT',
  89: '~THROTTLING_QUOTA_EXCEEDED',
  100: '~UNKNOWN_TOPIC_ID',
  103: '~INCONSISTENT_TOPIC_ID',
}

/** Of credentials: nothing will do. */
const FATAL: ReadonlySet<string> = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM'])

/** The protocol's name of a code. */
function nameOf(code: number): string {
  return (NAMES[code] ?? `CODE_${code}`).replace('~', '')
}

/** What a broker has answered instead of doing it. `said`: its own words, if it had some. */
export function brokerError(code: number, what: string, said?: string): KafkaError {
  const name = nameOf(code)
  const retriable = NAMES[code]?.startsWith('~') === true
  const words = said === undefined || said === '' ? '' : `: ${said}`
  return new KafkaError(name, `Kafka refused to ${what}: ${name}${words}.`, { retriable, fatal: FATAL.has(name) })
}

/** Codes with which a leader says that it has appended nothing, and will not. */
const REFUSED: ReadonlySet<number> = new Set([
  3, 6, 10, 17, 18, 19, 21, 29, 31, 32, 35, 42, 43, 44, 72, 74, 75, 76, 87, 100, 103,
])

export function isRefusal(code: number): boolean {
  return REFUSED.has(code)
}

/** Codes that mean: somebody else leads, or will. */
const MOVED: ReadonlySet<number> = new Set([3, 5, 6, 9, 13, 56, 72, 74, 75, 78, 100, 103])

export function isMoved(code: number): boolean {
  return MOVED.has(code)
}

/** Codes of ours, beside those of the protocol. */
export type OwnCode =
  /** The connection could not be made, or broke. */
  | 'NETWORK'
  /** No answer in time. */
  | 'TIMEOUT'
  /** The certificates do not fit, or one side does not speak TLS. */
  | 'TLS'
  /** The caller's signal. */
  | 'ABORTED'
  /** Closed by us. */
  | 'CLOSED'
  /** A batch that cannot be read: its codec is not here, or it is damaged. */
  | 'UNREADABLE'
  /** What came is not Kafka. */
  | 'GARBAGE'

export interface KafkaErrorOptions {
  readonly retriable?: boolean
  readonly fatal?: boolean
  readonly cause?: unknown
}

/** What a port rejects with. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  /** The protocol's name of the error, as `TOPIC_AUTHORIZATION_FAILED`, or one of {@link OwnCode}. */
  readonly code: string
  /** The same may succeed later, with nothing changed by an operator. */
  readonly retriable: boolean
  /** Nothing on this client will succeed: credentials refused, certificates that do not fit. */
  readonly fatal: boolean

  constructor(code: OwnCode | (string & {}), message: string, options: KafkaErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retriable = options.retriable ?? false
    this.fatal = options.fatal ?? false
  }
}

/**
 * What an adapter rejects with. `code` is the name that Kafka's protocol has for it (`MESSAGE_TOO_LARGE`, `NOT_LEADER_FOR_PARTITION`
 * as `NOT_LEADER_OR_FOLLOWER`), or one of ours:
 *
 * - `CONNECTION`: no connection, refused, reset, ended; `cause` is the socket's error.
 * - `TLS`: the handshake does not fit; `cause` is Node's error with its code.
 * - `TIMEOUT`: no answer within the request's time. It may have been done.
 * - `AUTHENTICATION`: SASL said no.
 * - `CODEC`: records are compressed in a way that cannot be read here; the message names the package that would.
 * - `CORRUPT`: bytes that are not what the protocol says.
 * - `CLOSED`: by us.
 * - `ABORTED`: by the caller's signal.
 */
export class PortError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PortError'
    this.code = code
  }

  /** The error's code; `undefined` for what no adapter made. */
  static codeOf(error: unknown): string | undefined {
    return error instanceof PortError ? error.code : undefined
  }
}

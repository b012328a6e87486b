/**
 * The closed list of what can go wrong. Programs act on the code, people read the message.
 *
 * - `unavailable`: nobody to talk to right now; the same call may succeed later.
 * - `timeout`: the deadline passed before anything left this process, or a wait ended without an answer.
 * - `canceled`: the caller's signal aborted.
 * - `outcome-unknown`: it may or may not have been taken; only the other side knows.
 * - `unauthenticated`: credentials are missing, wrong, expired or could not be obtained.
 * - `forbidden`: known, but not allowed to do this here.
 * - `not-found`: the channel, stream, or responder does not exist.
 * - `invalid`: the call itself is wrong: a name, an option, a value that its schema refuses.
 * - `too-large`: above a limit in bytes.
 * - `capability`: this engine cannot do it, and it is not emulated.
 * - `overloaded`: asked to slow down; see `retryAfterMs`.
 * - `conflict`: it clashes with what is already there: another spec, a settled or lost delivery, another log.
 * - `closed`: the client, link or reception was closed by us.
 * - `decode`: bytes that are not what the contract says.
 * - `remote`: the responder ran and its handler failed; the message is what it said.
 */
export type Code =
  | 'unavailable'
  | 'timeout'
  | 'canceled'
  | 'outcome-unknown'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'invalid'
  | 'too-large'
  | 'capability'
  | 'overloaded'
  | 'conflict'
  | 'closed'
  | 'decode'
  | 'remote'

/** What is ill, hence which health it counts for: the whole link, one channel on it, or just this message. */
export type Scope = 'link' | 'channel' | 'message'

export interface MessagingErrorOptions {
  /** Default `message`. */
  readonly scope?: Scope
  /** The original error, untouched. */
  readonly cause?: unknown
  /** Name of the site it happened at, when the thrower knows it. */
  readonly site?: string
  /** Default: by code; `unavailable`, `timeout` and `overloaded` are worth another try. */
  readonly retryable?: boolean
  /** The engine's own wish, in ms. */
  readonly retryAfterMs?: number
}

const brand: unique symbol = Symbol.for('spanwire.MessagingError') as never

/**
 * The only error that Spanwire rejects or reports with. The message is a sentence for operators: what was tried,
 * where, and what to check next. It never contains a secret.
 *
 * Check with {@link MessagingError.is}, not with `instanceof`: a process may hold two copies of this package.
 */
export class MessagingError extends Error {
  readonly code: Code
  readonly scope: Scope
  readonly retryable: boolean
  readonly site: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: Code, message: string, options: MessagingErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MessagingError'
    this.code = code
    this.scope = options.scope ?? 'message'
    this.retryable = options.retryable ?? (code === 'unavailable' || code === 'timeout' || code === 'overloaded')
    this.site = options.site
    this.retryAfterMs = options.retryAfterMs
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for every MessagingError, also one made by another copy of this package. */
  static is(error: unknown): error is MessagingError {
    return typeof error === 'object' && error !== null && (error as { [brand]?: unknown })[brand] === true
  }
}

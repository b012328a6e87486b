import { type ChannelSpec, type Code, MessagingError, type MessagingErrorOptions, type Scope } from '@spanwire/driver'

/** An error of the whole connection. */
export function linkError(code: Code, message: string, options?: MessagingErrorOptions): MessagingError {
  return new MessagingError(code, message, { ...options, scope: 'link' })
}

/** An error of one channel. */
export function channelError(code: Code, message: string, options?: MessagingErrorOptions): MessagingError {
  return new MessagingError(code, message, { ...options, scope: 'channel' })
}

/** Why a wait for this engine that obeys a signal ended: `timeout` when the signal was a deadline, else `canceled`. `what`: the work that waited. */
export function abortedAt(engine: string, signal: AbortSignal, what: string): MessagingError {
  const cause: unknown = signal.reason
  return cause instanceof Error && cause.name === 'TimeoutError'
    ? new MessagingError('timeout', `${what} got no answer from ${engine} in time.`, { cause })
    : new MessagingError('canceled', `${what} was canceled by its caller's signal.`, { cause })
}

/** What a message that was handed over and got no answer ends with. `why`: a sentence. */
export function maybe(why: string, scope: Scope, cause?: unknown): MessagingError {
  return new MessagingError('outcome-unknown', `${why} It may have been taken.`, { scope, cause })
}

/** `what`: what the text of the caller is not of this channel: a path, a pattern. */
export function invalid(what: string, { name, params }: ChannelSpec): MessagingError {
  return new MessagingError('invalid', `Not ${what} of ${name}, which has ${params} parameters.`)
}

/** What settling or extending a delivery rejects with that is not ours. `more`: what the engine says of it. */
export function notHeld(more: string = ''): MessagingError {
  const text = `The delivery is not ours any more: settled, given back, or its lease is over${more}.`
  return new MessagingError('conflict', text)
}

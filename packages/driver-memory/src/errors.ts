import { MessagingError } from '@spanwire/driver'

/** Why a wait that obeys a signal ended: `timeout` when the signal was a deadline, else `canceled`. */
export function aborted(signal: AbortSignal, what: string): MessagingError {
  const cause: unknown = signal.reason
  const late = cause instanceof Error && cause.name === 'TimeoutError'
  return late
    ? new MessagingError('timeout', `${what} got no answer in time; a hung engine answers after heal()`, { cause })
    : new MessagingError('canceled', `${what} was canceled by its caller's signal`, { cause })
}

export function dead(engine: string): MessagingError {
  return new MessagingError('unavailable', `memory engine "${engine}" is not running; start it with restart()`, {
    scope: 'link',
  })
}

export function killed(engine: string): MessagingError {
  return new MessagingError('unavailable', `memory engine "${engine}" was killed while this link was up`, {
    scope: 'link',
  })
}

export function closed(): MessagingError {
  return new MessagingError('closed', 'this link to the memory engine was closed by its owner', { scope: 'link' })
}

export function incapable(channel: string, what: string): MessagingError {
  return new MessagingError('capability', `channel "${channel}" cannot ${what} at this memory engine`, {
    scope: 'channel',
  })
}

export function invalid(what: string): MessagingError {
  return new MessagingError('invalid', what)
}

export function full(channel: string, bound: string, limit: number): MessagingError {
  return new MessagingError('overloaded', `channel "${channel}" is full: ${bound} is ${limit}`, { scope: 'channel' })
}

export function deleted(channel: string): MessagingError {
  return new MessagingError('not-found', `channel "${channel}" was deleted at the memory engine; open it again`, {
    scope: 'channel',
    retryable: false,
  })
}

export function notAllowed(channel: string): MessagingError {
  return new MessagingError('forbidden', `the memory engine revoked the permission for channel "${channel}"`, {
    scope: 'channel',
  })
}

export function leaderless(channel: string): MessagingError {
  return new MessagingError('unavailable', `channel "${channel}" has no leader at the memory engine right now`, {
    scope: 'channel',
  })
}

export function cutOff(engine: string): MessagingError {
  return new MessagingError('unavailable', `the connection to memory engine "${engine}" was cut`, { scope: 'link' })
}

export function notHeld(): MessagingError {
  return new MessagingError(
    'conflict',
    'this delivery is not ours to settle: it was settled before, its lease or its link ended',
  )
}

export function maybe(why: string, cause?: MessagingError): MessagingError {
  return new MessagingError(
    'outcome-unknown',
    `${why}; it may have been taken`,
    cause === undefined ? {} : { scope: cause.scope, cause },
  )
}

export function unauthenticated(engine: string, why: string, cause?: unknown): MessagingError {
  return new MessagingError('unauthenticated', `memory engine "${engine}" let nobody in: ${why}`, {
    scope: 'link',
    cause,
  })
}

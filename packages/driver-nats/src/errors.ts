import type { MessagingError } from '@spanwire/driver'
import { abortedAt, channelError, linkError, tlsFault } from '@spanwire/driver/kit'

/** Why a wait that obeys a signal ended. */
export function aborted(signal: AbortSignal, what: string): MessagingError {
  return abortedAt('NATS', signal, what)
}

export function closed(endpoint: string): MessagingError {
  return linkError('closed', `The connection to NATS at ${endpoint} was closed by us.`)
}

export function forbidden(operation: string, subject: string, cause: unknown): MessagingError {
  const text = `NATS does not permit this user to ${operation} ${subject}; grant it in the permissions of the user.`
  return channelError('forbidden', text, { cause })
}

export function incapable(channel: string, what: string): MessagingError {
  return channelError('capability', `Channel ${channel} cannot ${what} on this NATS server.`)
}

/** Translates what `connect` of nats.js rejects with. */
export function connectError(endpoint: string, cause: unknown): MessagingError {
  const { name, code, message } = wordsOf(cause)
  const where = `NATS at ${endpoint}`
  if (name === 'AuthorizationError') {
    return linkError('unauthenticated', `${where} refused the credentials; check user, token or key.`, { cause })
  }
  if (name === 'UserAuthenticationExpiredError') {
    return linkError('unauthenticated', `${where}: the credentials have expired; provide new ones.`, { cause })
  }
  const tls = `${code} ${name}`
  const fault =
    tlsFault(tls, 'server') ??
    (/TLS|SSL|CERT|PEM|ASN1/.test(tls) ? 'TLS does not fit: check ca, cert and key' : undefined)
  if (fault) return linkError('unavailable', `${where}: ${fault} (${code}).`, { cause, retryable: false })
  if (/does not support 'tls'|tls is not available/.test(message)) {
    const text = `${where} does not speak TLS; take tls out of the site, or check the port.`
    return linkError('unavailable', text, { cause, retryable: false })
  }
  return linkError('unavailable', `Could not connect to ${where}: ${message}.`, { cause })
}

/** Of the error, or of the one of Node's that nats.js has wrapped. */
function wordsOf(error: unknown): { readonly name: string; readonly code: string; readonly message: string } {
  const { name = '', code = '', message = String(error), cause } = error as Partial<NodeJS.ErrnoException>
  if (code === '' && cause instanceof Error && 'code' in cause) return { name, code: String(cause.code), message }
  return { name, code, message }
}

/** What ended a live connection. */
export function endError(endpoint: string, cause: Error | undefined, leaving: string | undefined): MessagingError {
  const name = cause?.name
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError') return connectError(endpoint, cause)
  const why = leaving ?? cause?.message ?? 'the server ended it'
  return linkError('unavailable', `The connection to NATS at ${endpoint} was lost: ${why}.`, { cause })
}

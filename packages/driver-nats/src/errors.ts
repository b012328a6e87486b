import { type ChannelSpec, type Code, MessagingError, type MessagingErrorOptions, type Scope } from '@spanwire/driver'

/** An error of the whole connection. */
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
    ? new MessagingError('timeout', `${what} got no answer from NATS in time.`, { cause })
    : new MessagingError('canceled', `${what} was canceled by its caller's signal.`, { cause })
}

export function closed(endpoint: string): MessagingError {
  return linkError('closed', `The connection to NATS at ${endpoint} was closed by us.`)
}

/** What a message that was handed over and got no answer ends with. */
export function maybe(why: string, scope: Scope, cause?: unknown): MessagingError {
  return new MessagingError('outcome-unknown', `${why} It may have been taken.`, { scope, cause })
}

export function forbidden(operation: string, subject: string, cause: unknown): MessagingError {
  const text = `NATS does not permit this user to ${operation} ${subject}; grant it in the permissions of the user.`
  return channelError('forbidden', text, { cause })
}

export function invalid(what: string, { name, params }: ChannelSpec): MessagingError {
  return new MessagingError('invalid', `Not ${what} of ${name}, which has ${params} parameters.`)
}

export function incapable(channel: string, what: string): MessagingError {
  return channelError('capability', `Channel ${channel} cannot ${what} on this NATS server.`)
}

export function notHeld(): MessagingError {
  return new MessagingError('conflict', 'The delivery is not ours any more: settled, given back, or its lease is over.')
}

/** TLS faults by Node's and OpenSSL's code: what does not fit, and what to check. */
const TLS: readonly (readonly [RegExp, string])[] = [
  [/ALTNAME/, 'the certificate is for another name: check the endpoint, or set serverName'],
  [/CERTIFICATE_REQUIRED/, 'the server asks for a client certificate: set cert and key'],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'the certificate of the server is not valid now: check its dates'],
  [/ALERT|HANDSHAKE/, 'the server refused our certificate or version of TLS'],
  [
    /UNABLE_TO|SELF_SIGNED|CERT_UNTRUSTED|ISSUER/,
    'the certificate comes from an unknown authority (CA): set ca to the one that signed it',
  ],
  [/TLS|SSL|CERT|PEM|ASN1/, 'TLS does not fit: check ca, cert and key'],
]

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
  const fault = TLS.find(([fits]) => fits.test(`${code} ${name}`))
  if (fault) return linkError('unavailable', `${where}: ${fault[1]} (${code}).`, { cause, retryable: false })
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

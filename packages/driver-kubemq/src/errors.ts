import type { ServiceError } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import { type Code, MessagingError } from '@spanwire/driver'
import { abortedAt, channelError, linkError, maybe } from '@spanwire/driver/kit'

/** Why a wait that obeys a signal ended. */
export function aborted(signal: AbortSignal, what: string): MessagingError {
  return abortedAt('KubeMQ', signal, what)
}

export function closed(endpoint: string): MessagingError {
  return linkError('closed', `The connection to KubeMQ at ${endpoint} was closed by us.`)
}

export function incapable(channel: string, what: string): MessagingError {
  return channelError('capability', `Channel ${channel} cannot ${what} on KubeMQ.`)
}

/** The number that KubeMQ puts into the text of its errors; 0: it has none. */
export function numberOf(text: string): number {
  return Number(/\bError (\d{3})\b/.exec(text)?.[1] ?? 0)
}

/** Whether KubeMQ said no before it passed anything on: nobody will ever receive the message. Whatever else it says proves nothing. */
export function isRefusal(text: string): boolean {
  const number = numberOf(text)
  return (number >= 101 && number <= 120) || (number >= 133 && number <= 136)
}

/** What an event or answer above the limit ends its stream with, at the server or here. */
export function isTooLarge(error: ServiceError): boolean {
  return error.code === status.RESOURCE_EXHAUSTED && /larger than max/.test(error.details)
}

/** What became of a message with so large a body when its stream ended while the link lives: what cannot have been taken is refused. */
export function lostWith(what: string, error: ServiceError | undefined, bodyBytes: number): Lost {
  const fault = error && callFault(what, error)
  if (error?.code === status.UNIMPLEMENTED && fault) return { outcome: 'refused', error: fault }
  const limit = error && isTooLarge(error) ? limitIn(error) : Number.POSITIVE_INFINITY
  if (bodyBytes > limit) return { outcome: 'refused', error: tooLarge(bodyBytes, limit) }
  return { outcome: 'unknown', error: maybe(`${what}: the stream was ended by KubeMQ.`, 'channel', fault) }
}

function limitIn({ details }: ServiceError): number {
  return Number(/vs\. (\d+)/.exec(details)?.[1])
}

export type Lost = { readonly outcome: 'refused' | 'unknown'; readonly error: MessagingError }

export function tooLarge(bytes: number, limit: number): MessagingError {
  return new MessagingError('too-large', `${bytes} bytes are above the ${limit} that KubeMQ takes in a message.`)
}

const NUMBERS: Readonly<Record<number, readonly [Code, string]>> = {
  301: ['outcome-unknown', 'nobody answered in time; whether somebody runs it is not known'],
  302: ['unavailable', 'the server has lost the connection to its own broker; restart it if that lasts'],
  402: ['unavailable', 'its store is not ready'],
  405: ['unavailable', 'it is not ready yet'],
  409: ['unavailable', 'it is shutting down'],
  412: ['forbidden', 'the authorization of the server does not permit it; grant it there'],
  413: ['forbidden', 'the authorization of the server does not permit it; grant it there'],
  414: ['forbidden', 'the authorization of the server does not permit it; grant it there'],
  415: ['forbidden', 'the authorization of the server does not permit it; grant it there'],
  421: ['unauthenticated', 'it does not take the token; check the credentials'],
  423: ['unauthenticated', 'it does not take the token; check the credentials'],
  424: ['unauthenticated', 'it does not take the token; check the credentials'],
}

/** An error of one channel from what KubeMQ said in an answer. */
export function fault(what: string, text: string, cause?: unknown): MessagingError {
  const said = `(KubeMQ: ${text.trim()})`
  const known = NUMBERS[numberOf(text)]
  if (known) return channelError(known[0], `${what}: ${known[1]} ${said}.`, { cause })
  if (isRefusal(text)) return channelError('invalid', `${what}: the server refuses it ${said}.`, { cause })
  return channelError('unavailable', `${what}: the server failed ${said}.`, { cause })
}

const STATUSES: Readonly<Partial<Record<status, readonly [Code, string]>>> = {
  [status.UNIMPLEMENTED]: ['capability', 'this version of the server does not know the call'],
  [status.PERMISSION_DENIED]: ['forbidden', 'the server does not permit it; grant it there'],
  [status.UNAUTHENTICATED]: ['unauthenticated', 'the server does not take the token; check the credentials'],
  [status.RESOURCE_EXHAUSTED]: ['overloaded', 'the server has had enough of this connection'],
}

/** An error of one channel from what ended a call. */
export function callFault(what: string, error: ServiceError): MessagingError {
  if (isTooLarge(error)) {
    const limit = `it is above the ${limitIn(error)} bytes that gRPC passes here`
    return channelError('too-large', `${what}: ${limit} (KubeMQ: ${error.details.trim()}).`, { cause: error })
  }
  const known = numberOf(error.details) === 0 ? STATUSES[error.code] : undefined
  if (!known) return fault(what, error.details, error)
  return channelError(known[0], `${what}: ${known[1]} (KubeMQ: ${error.details.trim()}).`, { cause: error })
}

/** An error of one channel from how its stream ended; `undefined`: the server just ended it. */
export function endFault(what: string, error: ServiceError | undefined): MessagingError {
  return error ? callFault(what, error) : channelError('unavailable', `${what}: the server ended it.`)
}

/** TLS faults by what Node and OpenSSL say, which gRPC passes on as text. */
const TLS: readonly (readonly [RegExp, string])[] = [
  [/altname|does not match certificate/i, 'the certificate is for another name: check the endpoint, or set serverName'],
  [/certificate required/i, 'the server asks for a client certificate: set cert and key'],
  [/certificate (has expired|is not yet valid)/i, 'the certificate of the server is not valid now: check its dates'],
  [
    /unable to (verify|get)|self.signed|untrusted/i,
    'the certificate comes from an unknown authority (CA): set ca to the one that signed it',
  ],
  [
    /wrong version number|packet length too long/i,
    'the server does not speak TLS: take tls out of the site, or check the port',
  ],
  [/alert|handshake/i, 'the server refused our certificate or version of TLS'],
  [/ssl|tls|pem|asn1|certificate/i, 'TLS does not fit: check ca, cert and key'],
]

/** What a dial ended with. */
export function connectError(endpoint: string, error: ServiceError): MessagingError {
  const where = `KubeMQ at ${endpoint}`
  const { code, details } = error
  const number = numberOf(details)
  if (code === status.UNAUTHENTICATED || NUMBERS[number]?.[0] === 'unauthenticated') {
    return linkError('unauthenticated', `${where} does not take the token; check the credentials.`, { cause: error })
  }
  if (code === status.PERMISSION_DENIED) {
    return linkError('unauthenticated', `${where} does not let this client in; check its token.`, { cause: error })
  }
  const unfit = /ECONN|EHOST|ENET|ENOTFOUND|EAI_/.test(details) ? undefined : TLS.find(([fits]) => fits.test(details))
  if (unfit) return linkError('unavailable', `${where}: ${unfit[1]} (${details}).`, { cause: error, retryable: false })
  // What stands before a server that starts hangs up as well: dialling again may help.
  const hint = /Failed to connect/.test(details)
    ? ' It hung up: check that the port takes gRPC, with or without TLS.'
    : ''
  return linkError('unavailable', `Could not connect to ${where}: ${details}.${hint}`, { cause: error })
}

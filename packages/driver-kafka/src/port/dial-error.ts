import { KafkaError } from './error.js'

/** Names and sentences of Node's and OpenSSL's errors that no waiting mends. */
const TLS = /ALTNAME|CERT|SELF_SIGNED|UNABLE_TO|ISSUER|TLS|SSL|EPROTO|PEM|ASN1/

/** Why there is no connection: `socket` is what the socket said, if it did, `cause` what the library made of it. */
export function dialError(host: string, port: number, socket: Error | undefined, cause: unknown): KafkaError {
  if (cause instanceof KafkaError) return cause
  const where = `The broker at ${host}:${port}`
  const { code, words } = saidBy(socket ?? cause)
  if (TLS.test(code) || TLS.test(words))
    return new KafkaError('TLS', `${where} and we do not agree on TLS: ${words}.`, {
      fatal: true,
      cause: socket ?? cause,
    })
  if (/timed? ?out/i.test(words))
    return new KafkaError('TIMEOUT', `${where} did not let us in in time.`, retriable(cause))
  if (socket === undefined && /clos/i.test(words)) {
    const hint = 'check whether its listener is the one with or without TLS and SASL'
    return new KafkaError('NETWORK', `${where} ended the connection before it let us in: ${hint}.`, retriable(cause))
  }
  return new KafkaError('NETWORK', `${where} cannot be reached: ${words}.`, retriable(socket ?? cause))
}

/** The credentials were looked at and refused. */
export function refusedLogin(host: string, port: number, why: string, cause: unknown): KafkaError {
  const text = `The broker at ${host}:${port} refused the credentials: ${why}.`
  return new KafkaError('SASL_AUTHENTICATION_FAILED', text, { fatal: true, cause })
}

function retriable(cause: unknown): { readonly retriable: true; readonly cause: unknown } {
  return { retriable: true, cause }
}

function saidBy(error: unknown): { readonly code: string; readonly words: string } {
  if (!(error instanceof Error)) return { code: '', words: String(error) }
  const { code } = error as NodeJS.ErrnoException
  return { code: String(code ?? ''), words: error.message.replace(/\.$/, '') }
}

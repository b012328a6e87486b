import type { ConnectOptions, Credentials } from '@spanwire/driver'
import { MessagingError } from '../errors.js'
import { abortedAt, linkError } from './errors.js'

/** What a dial begins with, before a byte is sent. Rejects with `unauthenticated`, link scope, if they cannot be had. */
export async function credentialsFor(
  engine: string,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Credentials> {
  if (signal.aborted) throw abortedAt(engine, signal, `Connecting to ${engine}`)
  try {
    return await options.credentials(signal)
  } catch (cause) {
    throw linkError('unauthenticated', `The credentials for ${engine} could not be obtained${why(cause)}.`, { cause })
  }
}

/** Only our own sentences are repeated: those of a stranger may hold a secret. */
function why(cause: unknown): string {
  return MessagingError.is(cause) ? `: ${cause.message}` : ''
}

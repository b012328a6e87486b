import { type ConnectOptions, type Credentials, MessagingError } from '@spanwire/driver'
import { canceled, linkError } from './errors.js'

/** The token to show, `null` for none. A provider that does not come back is left behind when the signal aborts. */
export async function tokenOf(options: ConnectOptions, signal: AbortSignal): Promise<string | null> {
  let credentials: Credentials
  let off: (() => void) | undefined
  try {
    credentials = await Promise.race([
      options.credentials(signal),
      new Promise<never>((_, reject) => {
        const stop = (): void => reject(canceled('Obtaining credentials'))
        signal.addEventListener('abort', stop)
        off = () => signal.removeEventListener('abort', stop)
        if (signal.aborted) stop()
      }),
    ])
  } catch (cause) {
    if (signal.aborted) throw canceled('Obtaining credentials')
    // Only our own sentences are repeated: those of a stranger may hold a secret.
    const why = MessagingError.is(cause) ? cause.message : 'check their provider'
    throw linkError('unauthenticated', `The credentials could not be obtained: ${why}.`, { cause })
  } finally {
    off?.()
  }
  if (credentials.by === 'none') return null
  if (credentials.by === 'token') return credentials.token
  throw linkError('unauthenticated', `A gateway takes a token, not credentials by ${credentials.by}.`)
}

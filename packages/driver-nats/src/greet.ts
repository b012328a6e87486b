import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { MessagingError } from '@spanwire/driver'
import { linkError } from '@spanwire/driver/kit'
import { aborted, connectError } from './errors.js'

/** The greeting of a server is a few hundred bytes; what sends more is none. */
const MAX_GREETING = 64 * 1024

/**
 * Opens a socket, waits until a NATS server introduces itself, and is gone again. A dial by nats.js that times out keeps its socket
 * for good: so only who has just answered is dialed. `tls`: the server speaks nothing before TLS.
 */
export function greet(
  { host, port }: { readonly host: string; readonly port: number },
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<void> {
  const where = `${host}:${port}`
  return new Promise((resolve, reject) => {
    const socket: Socket = tls ? connectTls({ ...tls, host, port }) : connectTcp({ host, port })
    let heard = ''
    const done = (error?: MessagingError): void => {
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
      // A reset may still come; it concerns nobody.
      socket.on('error', () => undefined)
      socket.destroy()
      if (error) reject(error)
      else resolve()
    }
    const onAbort = (): void => done(aborted(signal, `Connecting to NATS at ${where}`))
    signal.addEventListener('abort', onAbort)
    socket.on('error', (error) => done(connectError(where, error)))
    socket.on('close', () => done(linkError('unavailable', `${where} closed the connection without a word.`)))
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1')
      if (/^INFO \{[^\n]*\n/.test(heard)) done()
      else if (!'INFO {'.startsWith(heard.slice(0, 6)) || heard.length > MAX_GREETING) {
        done(linkError('unavailable', `${where} is no NATS server: it greets with other bytes.`, { retryable: false }))
      }
    })
    if (signal.aborted) onAbort()
  })
}

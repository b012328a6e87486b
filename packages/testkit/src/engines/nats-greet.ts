import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** How long the server has for all of it. */
const GREET_MS = 1_000

/** How long a server that speaks first has for that, before we take it for one that waits for TLS. */
const SPEAKS_FIRST_MS = 300

/** What says that the server waits for something that we do not have: credentials, a certificate. */
const GUARDED = /"(auth|tls)_required":true/

/**
 * A client's first round trip: its `INFO`, our `CONNECT` and `PING`, its `PONG`. A server that wants credentials or TLS has
 * answered with its `INFO`; one that wants TLS before all else, with the handshake. Never rejects.
 */
export async function greet(port: number): Promise<boolean> {
  const plain = await converse(connect({ host: '127.0.0.1', port }))
  return plain === 'silent' ? await shakesHands(port) : plain === 'answered'
}

function converse(socket: Socket): Promise<'answered' | 'silent' | 'failed'> {
  return new Promise((resolve) => {
    let heard = ''
    const silent = setTimeout(() => end('silent'), SPEAKS_FIRST_MS)
    const late = setTimeout(() => end('failed'), GREET_MS)
    const end = (outcome: 'answered' | 'silent' | 'failed'): void => {
      clearTimeout(silent)
      clearTimeout(late)
      socket.destroy()
      resolve(outcome)
    }
    socket.setEncoding('utf8').on('data', (text: string) => {
      const greeted = heard === ''
      heard += text
      clearTimeout(silent)
      if (GUARDED.test(heard) || /^PONG\r$/m.test(heard)) end('answered')
      else if (greeted) socket.write('CONNECT {"verbose":false,"pedantic":false,"lang":"engines"}\r\nPING\r\n')
    })
    socket.once('error', () => end('failed'))
    socket.once('close', () => end('failed'))
  })
}

/** Whose certificate it is does not matter: this is about the server being there. */
function shakesHands(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, timeout: GREET_MS })
    const end = (outcome: boolean): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.once('secureConnect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

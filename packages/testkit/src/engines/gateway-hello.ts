import { randomBytes } from 'node:crypto'
import { request } from 'node:http'

/** How long the gateway has for all of it. */
const HELLO_MS = 1_000

/** The first round trip of the gateway protocol: `hello`, without a token, and `welcome`. Never rejects. */
export function hello(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, agent: false, timeout: HELLO_MS, headers: upgrade() })
    const end = (outcome: boolean): void => {
      asked.destroy()
      resolve(outcome)
    }
    asked.once('upgrade', (_, socket, head) => {
      let heard = ''
      const hear = (bytes: Buffer): void => {
        heard += bytes.toString('latin1')
        if (!heard.includes('"welcome"')) return
        socket.destroy()
        end(true)
      }
      socket
        .on('data', hear)
        .once('close', () => end(false))
        .once('error', () => end(false))
      socket.write(
        textFrame(JSON.stringify([['hello', 1, null, 'engines', randomBytes(12).toString('base64url'), 'refuse']])),
      )
      hear(head)
    })
    for (const event of ['response', 'timeout', 'error']) asked.once(event, () => end(false))
    asked.end()
  })
}

function upgrade(): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-protocol': 'spanwire.v1',
  }
}

/** A whole text of less than 126 bytes, masked as a client has to; a mask of zeros leaves the bytes as they are. */
function textFrame(text: string): Buffer {
  const body = Buffer.from(text)
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body])
}

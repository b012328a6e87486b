import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { within } from '../../src/conformance/wait.js'

/** A NATS client of a few lines: the launcher's tests need none of a real one's comfort. */
export class Wire {
  readonly #socket: Socket
  #heard = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8')
  }

  /** Ends with the test. */
  static async to(endpoint: string, options: object = {}): Promise<Wire> {
    const [host, port] = endpoint.split(':')
    const socket = connect({ host: host ?? '', port: Number(port) })
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    const wire = new Wire(socket)
    await wire.#until(/^INFO .*\r\n/m)
    socket.write(`CONNECT ${JSON.stringify({ verbose: false, headers: true, no_responders: true, ...options })}\r\n`)
    return wire
  }

  /** Resolves with the server's `PONG`. */
  async ping(): Promise<void> {
    this.#socket.write('PING\r\n')
    await this.#until(/^PONG\r\n/m)
  }

  /** One request; gives the JSON of the answer, or that nobody is there to give one. */
  async request(subject: string, body: object | string): Promise<Record<string, unknown>> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const inbox = `_INBOX.${Math.random().toString(36).slice(2)}`
    this.#socket.write(
      `SUB ${inbox} 1\r\nUNSUB 1 1\r\nPUB ${subject} ${inbox} ${Buffer.byteLength(text)}\r\n${text}\r\n`,
    )
    const [, answer = ''] = await this.#until(
      new RegExp(`^H?MSG ${inbox.replaceAll('.', '\\.')} .*\\r\\n(.*)\\r\\n`, 'm'),
    )
    return answer.startsWith('NATS/') ? { nobody: answer } : JSON.parse(answer)
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    if (!this.#socket.destroyed) await once(this.#socket, 'close')
  }

  async #until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#heard)
      if (found !== null) {
        this.#heard = this.#heard.slice(found.index + found[0].length)
        return found
      }
      const [text] = await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close').then(endedEarly)])
      this.#heard += text
    }
  }
}

function endedEarly(): never {
  throw new Error('the server ended the connection')
}

/** The number of messages that a stream says it has, or its error, or that nobody answered. */
export async function stored(endpoint: string, stream: string): Promise<unknown> {
  const wire = await Wire.to(endpoint)
  // Without a leader nothing comes at all.
  const asked = wire.request(`$JS.API.STREAM.INFO.${stream}`, '')
  const { state, error, nobody } = await within('the stream', asked, 1_000).catch(
    (): Record<string, unknown> => ({ nobody: 'no answer' }),
  )
  return (state as { messages?: number } | undefined)?.messages ?? error ?? nobody
}

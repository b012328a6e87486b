import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'

type Op = readonly [string, ...unknown[]]

/** A client made of a bare socket: says what it is told to, and waits for what it wants to hear. */
export class Raw {
  readonly heard: Op[] = []
  readonly closed: Promise<number>
  readonly socket: WebSocket
  #looks: (() => void)[] = []

  constructor(url: string, options: ClientOptions = {}, protocol: string | string[] = 'spanwire.v1') {
    this.socket = new WebSocket(url, protocol, options)
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => this.socket.on('close', resolve))
    this.socket.on('message', (data: Buffer, binary: boolean) => {
      const end = binary ? 4 + data.readUInt32BE(0) : data.length
      this.heard.push(...JSON.parse(data.toString('utf8', binary ? 4 : 0, end)))
      for (const look of this.#looks) look()
    })
  }

  static async greeted(url: string, token: string | null = null, nonce = 'A'.repeat(16)): Promise<Raw> {
    const raw = new Raw(url)
    await once(raw.socket, 'open')
    raw.say(['hello', 1, token, 'raw', nonce, 'create'])
    await raw.until('welcome')
    return raw
  }

  say(...ops: readonly unknown[]): void {
    this.socket.send(JSON.stringify(ops))
  }

  #has(name: string, number: number | undefined): boolean {
    return this.heard.some((op) => op[0] === name && (number === undefined || op[1] === number))
  }

  /** The first op of that name, about that number if one is given; it is not found again. */
  async until(name: string, number?: number): Promise<Op> {
    for (;;) {
      const at = this.heard.findIndex((op) => op[0] === name && (number === undefined || op[1] === number))
      const [op] = at < 0 ? [] : this.heard.splice(at, 1)
      if (op) return op
      const ended = await Promise.race([new Promise<void>((resolve) => this.#looks.push(resolve)), this.closed])
      if (ended !== undefined && !this.#has(name, number)) throw new Error(`closed with ${ended} before ${name}`)
    }
  }
}

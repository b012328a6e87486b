import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

export interface RelayOptions {
  /** The port on 127.0.0.1 where new connections go; 0: nowhere, they are reset. */
  readonly target?: number
  /** What servers say, chunk by chunk, is passed through this. */
  readonly rewrite?: (chunk: Buffer) => Uint8Array
}

/** A TCP relay on a port of its own: what clients see of a server that is cut off, stopped, lying or gone mad. */
export class Relay {
  /** Where new connections go; 0: nowhere, they are reset. */
  target: number
  readonly #server: Server
  readonly #rewrite: (chunk: Buffer) => Uint8Array
  readonly #pairs = new Set<Pair>()
  #hung = false

  private constructor(server: Server, { target = 0, rewrite = (chunk) => chunk }: RelayOptions) {
    this.target = target
    this.#server = server
    this.#rewrite = rewrite
    server.on('connection', (client) => this.#accept(client))
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen(options: RelayOptions = {}): Promise<Relay> {
    const server = createServer({ pauseOnConnect: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server, options)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Open now, those included whose client sees nothing but silence. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Nothing is carried any more; connections stay, and new ones are taken by the kernel alone. */
  hang(): void {
    this.#hung = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  heal(): void {
    this.#hung = false
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  /** Resets every connection; new ones are carried. */
  cut(): void {
    for (const { client, server } of [...this.#pairs]) {
      client.resetAndDestroy()
      server.destroy()
    }
  }

  /** Says this to every client. */
  inject(bytes: Uint8Array): void {
    for (const { client } of this.#pairs) client.write(bytes)
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined)
    if (this.target === 0) {
      client.resetAndDestroy()
      return
    }
    const server = connect(this.target, '127.0.0.1')
    server.on('error', () => undefined)
    for (const socket of [client, server]) socket.setNoDelay(true)
    const pair = { client, server }
    this.#pairs.add(pair)
    const over = (): void => {
      this.#pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    client.on('close', over)
    server.on('close', over)
    client.on('data', (data) => this.#carry(data, client, server))
    server.on('data', (data) => this.#carry(this.#rewrite(data), server, client))
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    if (this.#hung) server.pause()
    else client.resume()
  }

  #carry(data: Uint8Array, from: Socket, to: Socket): void {
    if (to.write(data)) return
    from.pause()
    to.once('drain', () => {
      if (!this.#hung) from.resume()
    })
  }
}

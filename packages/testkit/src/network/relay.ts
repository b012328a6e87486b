import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** `there`: from clients to the server. `back`: what the server says. */
export type Way = 'there' | 'back'

export interface RelayOptions {
  /** Where to listen on 127.0.0.1; 0 (default): any free port. */
  readonly port?: number
  /** The port on 127.0.0.1 where new connections go; 0: nowhere, they are reset. */
  readonly target?: number
  /** What servers say, chunk by chunk, is passed through this. */
  readonly rewrite?: (chunk: Buffer) => Uint8Array
}

/** A TCP relay on a port of its own: what clients see of a server that is cut off, stopped, lying or gone mad. */
export class Relay {
  /** Where new connections go; 0: nowhere, they are reset. */
  target: number
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  readonly #server: Server
  readonly #rewrite: (chunk: Buffer) => Uint8Array
  readonly #pairs = new Set<Pair>()
  readonly #hung = new Set<Way>()

  private constructor(server: Server, { target = 0, rewrite = (chunk) => chunk }: RelayOptions) {
    this.target = target
    // A server that listens on a port has this kind of address.
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#rewrite = rewrite
    server.on('connection', (client) => this.#accept(client))
  }

  /** Listens on 127.0.0.1. Rejects when the port is taken. */
  static async listen(options: RelayOptions = {}): Promise<Relay> {
    const server = createServer({ pauseOnConnect: true })
    server.listen(options.port ?? 0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server, options)
  }

  /** Open now, those included whose client sees nothing but silence. */
  get connections(): number {
    return this.#pairs.size
  }

  /**
   * Nothing is carried any more, in one way or in both; connections stay, and new ones are taken by the kernel alone. What
   * is written meanwhile waits as in a network that repeats what it lost: it comes when this is healed.
   */
  hang(way?: Way): void {
    for (const one of way === undefined ? WAYS : [way]) this.#hung.add(one)
    for (const { client, server } of this.#pairs) {
      if (this.#hung.has('there')) client.pause()
      if (this.#hung.has('back')) server.pause()
    }
  }

  /** Carries again, both ways. */
  heal(): void {
    this.#hung.clear()
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
    client.on('data', (data) => this.#carry(data, 'there', pair))
    server.on('data', (data) => this.#carry(this.#rewrite(data), 'back', pair))
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    if (!this.#hung.has('there')) client.resume()
    if (this.#hung.has('back')) server.pause()
  }

  #carry(data: Uint8Array, way: Way, { client, server }: Pair): void {
    const [from, to] = way === 'there' ? [client, server] : [server, client]
    if (to.write(data)) return
    from.pause()
    to.once('drain', () => {
      if (!this.#hung.has(way)) from.resume()
    })
  }
}

const WAYS: readonly Way[] = ['there', 'back']

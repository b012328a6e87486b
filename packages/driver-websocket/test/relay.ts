import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly server: Socket | undefined
}

/** A TCP relay on a fixed port: what a client sees of a site that is killed, stopped, cut or gone mad. */
export class Relay {
  /** Where new connections go; 0: nowhere, they are reset. */
  target = 0
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #hung = false

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (client) => this.#accept(client))
  }

  static async listen(): Promise<Relay> {
    const server = createServer({ pauseOnConnect: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Nothing is carried any more; connections stay, and new ones are taken by the kernel alone. */
  hang(): void {
    this.#hung = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server?.pause()
    }
  }

  heal(): void {
    this.#hung = false
    for (const pair of this.#pairs) if (pair.server) flow(pair.client, pair.server)
  }

  cut(): void {
    for (const { client, server } of [...this.#pairs]) {
      client.resetAndDestroy()
      server?.destroy()
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
    client.on('data', (data) => relay(data, client, server))
    server.on('data', (data) => relay(data, server, client))
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    if (!this.#hung) flow(client, server)
    else for (const socket of [client, server]) socket.pause()
  }
}

function flow(...sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resume()
}

function relay(data: Buffer, from: Socket, to: Socket): void {
  if (to.write(data)) return
  from.pause()
  to.once('drain', () => from.resume())
}

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { MessagingError } from '@spanwire/driver'
import { Flow, type Lane, type Shape } from './flow.js'
import { type FrameRule, type FrameRuleHandle, FrameRules } from './frames.js'

/** `there`: from clients to the server. `back`: what the server says. */
export type Way = 'there' | 'back'

interface Pair {
  readonly client: Socket
  readonly server: Socket
  readonly flows: readonly Flow[]
}

export interface RelayOptions {
  /** Where to listen on 127.0.0.1; 0 (default): any free port. */
  readonly port?: number
  /** The port on 127.0.0.1 where new connections go; 0: nowhere, they are reset. */
  readonly target?: number
  /** What servers say, chunk by chunk, is passed through this. */
  readonly rewrite?: (chunk: Buffer) => Uint8Array
  /** `gateway`: connections are WebSockets of the gateway protocol, whose frames {@link Relay.rule} knows. */
  readonly protocol?: 'bytes' | 'gateway'
}

const WAYS: readonly Way[] = ['there', 'back']

/** A TCP relay on a port of its own: what clients see of a server that is far, slow, cut off, stopped, lying or gone mad. */
export class Relay {
  /** Where new connections go; 0: nowhere, they are reset. */
  target: number
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  readonly #server: Server
  readonly #rewrite: (chunk: Buffer) => Uint8Array
  readonly #lanes: Readonly<Record<Way, Lane>>
  readonly #pairs = new Set<Pair>()

  private constructor(server: Server, { protocol, rewrite = (chunk) => chunk, target = 0 }: RelayOptions) {
    this.target = target
    // A server that listens on a port has this kind of address.
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#rewrite = rewrite
    const lane = (): Lane => ({
      hung: false,
      shape: {},
      rules: protocol === 'gateway' ? new FrameRules() : undefined,
    })
    this.#lanes = { there: lane(), back: lane() }
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
    this.#change(way, (lane) => {
      lane.hung = true
    })
  }

  /** Carries again, both ways. */
  heal(): void {
    this.#change(undefined, (lane) => {
      lane.hung = false
    })
  }

  /** Makes one way or both like this from now on, for what comes in; `{}`: as good as it gets. */
  shape(shape: Shape, way?: Way): void {
    this.#change(way, (lane) => {
      lane.shape = shape
    })
  }

  /** From now on this happens to frames on that way. Throws `conflict` unless the relay was made for the protocol. */
  rule(way: Way, rule: FrameRule): FrameRuleHandle {
    const { rules } = this.#lanes[way]
    if (rules === undefined)
      throw new MessagingError('conflict', "this relay knows nothing of frames: make it with protocol: 'gateway'")
    return rules.add(rule)
  }

  /** Resets every connection; new ones are carried. */
  cut(): void {
    for (const { client, flows, server } of [...this.#pairs]) {
      for (const flow of flows) flow.stop()
      client.resetAndDestroy()
      server.destroy()
    }
  }

  /**
   * Leaves every connection half open: this end of it is gone, and the other is not told. What the other says goes nowhere,
   * until it closes. New connections are carried.
   */
  strand(gone: 'client' | 'server'): void {
    for (const pair of this.#pairs) {
      const left = gone === 'client' ? pair.server : pair.client
      for (const flow of pair.flows) flow.stop()
      pair[gone].removeAllListeners('close')
      pair[gone].destroy()
      left.resume()
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

  #change(way: Way | undefined, change: (lane: Lane) => void): void {
    for (const one of way === undefined ? WAYS : [way]) change(this.#lanes[one])
    for (const { flows } of this.#pairs) for (const flow of flows) flow.look()
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
    const flows = [
      new Flow(client, server, this.#lanes.there, (chunk) => chunk),
      new Flow(server, client, this.#lanes.back, this.#rewrite),
    ]
    const pair = { client, server, flows }
    this.#pairs.add(pair)
    for (const socket of [client, server]) socket.on('close', () => this.#pairs.delete(pair))
    for (const flow of flows) flow.look()
  }
}

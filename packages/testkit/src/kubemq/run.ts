import { once } from 'node:events'
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { Broker, type BrokerOptions } from './broker.js'
import { watchDelays } from './delaying.js'
import type { Open } from './downstream.js'
import { dispelGhosts } from './ghosts.js'
import { handlersOf } from './handlers.js'
import { kubemqService } from './proto.js'
import { guarded, sized } from './sized.js'

export interface Tls {
  /** PEM, with what leads to the authority. */
  readonly cert: string
  readonly key: string
}

export interface RunOptions extends BrokerOptions {
  readonly port: number
  readonly tls?: Tls
  /** It has to end now, as after a panic. */
  onCrash(): void
}

/** `clean`: SIGTERM. `kill`: SIGKILL; nothing that happens at its end is remembered. */
export type Ending = 'clean' | 'kill'

/** One run of a server, from its start to its end. */
export class Run {
  readonly port: number
  readonly broker: Broker
  readonly #net: NetServer
  readonly #grpc: Server
  readonly #sockets: Set<Socket>
  readonly #open: Open
  readonly #endDelays: () => void

  private constructor(broker: Broker, open: Open, grpc: Server, net: NetServer, sockets: Set<Socket>) {
    this.broker = broker
    this.#open = open
    this.#grpc = grpc
    this.#net = net
    this.#sockets = sockets
    this.port = (net.address() as AddressInfo).port
    this.#endDelays = watchDelays(broker)
  }

  /** Listens on the loopback. Rejects if the port is taken. */
  static async start(options: RunOptions, startedAt: number): Promise<Run> {
    const sockets = new Set<Socket>()
    const net = createServer()
    net.listen(options.port, '127.0.0.1')
    await once(net, 'listening')
    const broker = new Broker(options, startedAt)
    dispelGhosts(broker, options.dir)
    const open = { transactions: new Set<never>() } as Open
    const grpc = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 })
    grpc.addService(
      sized(kubemqService, () => broker.quirks().maxBytes),
      guarded(handlersOf(broker, open), {
        refuses(authorization) {
          const { token } = broker.quirks()
          if (token === '' || token === authorization) return undefined
          return { code: status.UNAUTHENTICATED, details: 'invalid token' }
        },
        onStream(name) {
          if (name === 'queuesUpstream' && broker.chance.hits(broker.quirks().crashes)) options.onCrash()
        },
      }),
    )
    // Connections are ours, so that they can be dropped as those of a process that ends (C8).
    const injector = grpc.createConnectionInjector(credentialsOf(options.tls))
    net.on('connection', (socket) => {
      sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)))
      injector.injectConnection(socket)
    })
    return new Run(broker, open, grpc, net, sockets)
  }

  /** Both ways every client sees its connection dropped (C8). */
  async end(how: Ending): Promise<void> {
    const closed = once(this.#net, 'close')
    this.#net.close()
    this.#endDelays()
    if (how === 'clean') this.#settleDown()
    this.broker.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#grpc.forceShutdown()
    await closed
  }

  /** What was answered is given back; a Get that still waits stays seated, and is a ghost from now on (5.3). */
  #settleDown(): void {
    for (const transaction of this.#open.transactions) if (transaction.state === 'open') transaction.close()
    for (const group of this.broker.store.groups) for (const seat of group.seats) group.leave(seat)
  }
}

/** With an authority too no client certificate is asked for: its "mTLS" is TLS (8). */
function credentialsOf(tls: Tls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }
  return ServerCredentials.createSsl(null, [pair], false)
}

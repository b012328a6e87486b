import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { Admission, refuse, SUBPROTOCOL } from './admission.js'
import { CLOSE } from './closing.js'
import { Connection, FRAME_MORE, type House } from './connection.js'
import { Line } from './line.js'
import { DEFAULT_LIMITS, DEFAULT_TIMING, type GatewayOptions, type Limits, type OwnPort } from './options.js'
import { Turns } from './turn.js'
import { Upstream } from './upstream.js'

/** A gateway's state of health, as `GET /health` answers it: 200 while it serves, else 503. */
export interface Health {
  readonly state: 'serving' | 'no-upstream' | 'draining'
  readonly cluster: string
  readonly node: string
  readonly connections: number
  /** Clients that said hello and are not let in yet, and how many were sent away since the start because these were too many. */
  readonly waiting: number
  readonly sentAway: number
}

export interface Gateway extends AsyncDisposable {
  /** Where clients connect: `ws://127.0.0.1:4101/`, with TLS `wss://`. Behind a server of the caller: its path only. */
  readonly url: string
  /** The port it listens on. */
  readonly port: number
  health(): Health
  /**
   * Asks every client to leave within `drainMs` (default 0), each at its own moment, then closes what is left, its own
   * server and the links that it made. A second call waits for the first.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/**
 * Serves a link to WebSocket clients by protocol `spanwire.v1`. Resolves when it listens; rejects when it cannot
 * (`EADDRINUSE`). It stays up when its upstream is lost: sends are then refused as `unsent`, receptions end with
 * `unavailable` for their channel, and clients attach again.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const served = new Served(options)
  await served.listen()
  return served
}

class Served implements Gateway {
  readonly #options: GatewayOptions
  readonly #limits: Limits
  readonly #house: House
  readonly #admission: Admission
  readonly #sockets: WebSocketServer
  readonly #server: HttpServer | HttpsServer
  readonly #connections = new Set<Connection>()
  readonly #upstreams: { readonly create: Upstream; readonly refuse: Upstream }
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    this.#upgrade(request, socket, head)
  readonly #line: Line
  #sentAway = 0
  #toldAway = 0
  #timer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#upstreams = upstreamsOf(options.upstream)
    this.#admission = new Admission(options, this.#limits)
    this.#line = new Line({ ...this.#limits.hellos, onShed: () => this.#sentAway++ })
    this.#house = {
      cluster: options.cluster ?? 'gateway',
      node: options.node ?? randomBytes(6).toString('base64url'),
      version: '1',
      limits: this.#limits,
      timing: { ...DEFAULT_TIMING, ...options.timing },
      elsewhere: options.elsewhere ?? [],
      authenticate: options.authenticate,
      authorize: options.authorize,
      upstream: (missing) => this.#upstreams[missing],
      turns: new Turns(),
      line: this.#line,
      onFault: options.onFault ?? ((error) => process.emitWarning(String(error), 'SpanwireGateway')),
    }
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: this.#limits.message + FRAME_MORE,
      maxFragments: 64,
      maxBufferedChunks: 4_096,
      maxPendingAutoPongs: 8,
      perMessageDeflate: false,
      handleProtocols: () => SUBPROTOCOL,
    } as ConstructorParameters<typeof WebSocketServer>[0])
    this.#server =
      'server' in options.listen
        ? options.listen.server
        : ownServer(options.listen, (response) => this.#answerHealth(response))
  }

  async listen(): Promise<void> {
    const { listen } = this.#options
    this.#server.on('upgrade', this.#onUpgrade)
    if ('port' in listen) {
      this.#server.listen(listen.port, listen.host ?? '127.0.0.1')
      await once(this.#server, 'listening')
    }
    const { beatMs } = this.#house.timing
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const connection of this.#connections) connection.tick(now)
      this.#tellBusy()
    }, beatMs)
    this.#timer.unref()
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  get url(): string {
    const { listen, path = '/' } = this.#options
    if ('server' in listen) return path
    return `${listen.tls ? 'wss' : 'ws'}://${listen.host ?? '127.0.0.1'}:${this.port}${path}`
  }

  health(): Health {
    const { cluster, node } = this.#house
    const state = this.#closing ? 'draining' : this.#upstreams.create.link ? 'serving' : 'no-upstream'
    const [waiting, sentAway] = [this.#line.length, this.#sentAway]
    return { state, cluster, node, connections: this.#admission.total, waiting, sentAway }
  }

  close({ drainMs = 0 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainMs)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined)
    const refusal = this.#admission.refusal(request, this.#closing !== undefined)
    if (refusal) {
      refuse(socket, refusal)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      const uncount = this.#admission.count(request)
      const connection = new Connection(client, request, this.#house, () => {
        this.#connections.delete(connection)
        uncount()
      })
      this.#connections.add(connection)
    })
  }

  async #close(drainMs: number): Promise<void> {
    if (drainMs > 0) await this.#drain(drainMs)
    clearInterval(this.#timer)
    for (const connection of [...this.#connections]) connection.close(CLOSE.shutdown)
    this.#server.off('upgrade', this.#onUpgrade)
    if ('port' in this.#options.listen) {
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
      this.#server.closeAllConnections()
      await closed
    }
    const { create, refuse } = this.#upstreams
    await Promise.all([
      create.close(AbortSignal.timeout(5_000)),
      refuse === create || refuse.close(AbortSignal.timeout(5_000)),
    ])
  }

  /** Each client gets a moment of its own, so that they do not fall upon the next gateway all at once. */
  async #drain(drainMs: number): Promise<void> {
    for (const connection of this.#connections) {
      connection.drain('shutdown', Math.ceil(Math.random() * drainMs), this.#house.elsewhere)
    }
    const until = performance.now() + drainMs
    while (this.#connections.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, drainMs)))
    }
  }

  #tellBusy(): void {
    const sentAway = this.#sentAway - this.#toldAway
    this.#toldAway = this.#sentAway
    if (sentAway > 0)
      this.#options.onBusy?.({ sentAway, waiting: this.#line.length, perSecond: Math.round(this.#line.perSecond) })
  }

  #answerHealth(response: ServerResponse): void {
    const health = this.health()
    response.writeHead(health.state === 'serving' ? 200 : 503, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    })
    response.end(JSON.stringify(health))
  }
}

function ownServer({ tls }: OwnPort, onHealth: (response: ServerResponse) => void): HttpServer | HttpsServer {
  const bounds = { headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 16_384 }
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'GET' && request.url === '/health') onHealth(response)
    else response.writeHead(404).end()
  }
  if (!tls) return createServer(bounds, answer)
  const { cert, key, clientCa } = tls
  const mutual = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  return createTlsServer({ ...bounds, cert, key, handshakeTimeout: 10_000, minVersion: 'TLSv1.2', ...mutual }, answer)
}

function upstreamsOf(upstream: GatewayOptions['upstream']): { create: Upstream; refuse: Upstream } {
  if (typeof upstream === 'function' || 'open' in upstream) {
    const one = new Upstream(upstream)
    return { create: one, refuse: one }
  }
  return { create: new Upstream(upstream.create), refuse: new Upstream(upstream.refuse) }
}

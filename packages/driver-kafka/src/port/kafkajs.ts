import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import { assertTaken } from './bearer.js'
import { connectBy } from './client/client.js'
import { dialError, refusedLogin } from './dial-error.js'
import { KafkaError } from './error.js'
import type { KafkaConnect, KafkaPort, KafkaSasl, KafkaTls } from './port.js'
import { type CodecOptions, Codecs } from './protocol/codecs.js'
import type { Dialled, RawLine, Wire } from './wire.js'

/** The default port: connections, TLS and SASL are those of kafkajs; all that decides what happens in a fault is ours. */
export function kafkajs(codecs: CodecOptions = {}): KafkaPort {
  const unpack = new Codecs(codecs)
  return { name: wire.name, connect: (options, signal) => connectBy(wire, unpack, { options, signal }) }
}

const wire: Wire = { name: 'kafkajs 2.2.4', dial }

async function dial(to: Dialled, options: KafkaConnect, signal: AbortSignal): Promise<RawLine> {
  const sockets = new Sockets(to)
  const stop = (): void => sockets.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    const broker = await brokerOf(configOf(to, options, sockets.factory), to)
    await broker.connect()
    signal.throwIfAborted()
    return { send: (api, version, body) => send(broker, { api, version, body }), destroy: stop }
  } catch (cause) {
    stop()
    throw translated(to, sockets.error, cause)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function configOf({ host, port }: Dialled, options: KafkaConnect, socketFactory: ISocketFactory): KafkaConfig {
  const { clientId, tls, sasl, times } = options
  return {
    clientId,
    brokers: [`${host}:${port}`],
    socketFactory,
    connectionTimeout: times.connectMs,
    authenticationTimeout: times.connectMs,
    // Ours are around each request, shorter than any of its own.
    requestTimeout: 600_000,
    enforceRequestTimeout: false,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(tls && { ssl: tlsOf(tls) }),
    ...(sasl && { sasl: saslOf(sasl) }),
  }
}

function tlsOf({ ca, cert, key, serverName }: KafkaTls): object {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

function saslOf(sasl: KafkaSasl): SASLOptions {
  if (sasl.mechanism === 'oauthbearer')
    // Its declarations know a provider of one's own only for mechanisms that it has not.
    return {
      mechanism: 'oauthbearer',
      authenticationProvider: (told: Told) => bearer(told, sasl),
    } as object as SASLOptions
  return { mechanism: sasl.mechanism, username: sasl.user, password: sasl.password } as SASLOptions
}

/** What kafkajs hands to a way of authentication of one's own. */
interface Told {
  saslAuthenticate(question: {
    readonly request: { encode(): Buffer }
    readonly response: { decode(bytes: Buffer): Buffer; parse(bytes: Buffer): void }
  }): Promise<unknown>
}

/** Its own takes a refusal for a yes, and stumbles over the connection that ends then. */
function bearer(told: Told, { token }: KafkaSasl & { readonly mechanism: 'oauthbearer' }) {
  return {
    authenticate: async (): Promise<void> => {
      const message = Buffer.from(`n,,\u0001auth=Bearer ${await token()}\u0001\u0001`)
      const length = Buffer.alloc(4)
      length.writeInt32BE(message.length)
      const request = { encode: () => Buffer.concat([length, message]) }
      await told.saslAuthenticate({ request, response: { decode: (bytes) => bytes, parse: assertTaken } })
    },
  }
}

/** The one socket of a connection, which kafkajs has no way to cut. */
class Sockets {
  readonly #to: Dialled
  #socket: Socket | undefined
  #destroyed = false
  error: Error | undefined

  constructor(to: Dialled) {
    this.#to = to
  }

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl ? connectTls({ host, port, ...name, ...ssl }, onConnect) : connectTcp({ host, port }, onConnect)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', (error) => (this.error ??= error))
    socket.on('close', () => this.#to.onEnd(this.error))
    if (this.#destroyed) this.destroy()
    return socket
  }

  /** With an error, for that is what makes kafkajs clear its timers. */
  destroy(): void {
    this.#destroyed = true
    this.#socket?.destroy(new Error('cut'))
  }
}

/** As its encoder gives it: what it has room for, and what is used of that. */
interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
}

/** Of kafkajs 2.2.4, which is the last: what its own producers and consumers are made of. */
interface Broker {
  readonly connectionPool: {
    readonly pool: readonly {
      send(question: {
        readonly request: {
          readonly apiKey: number
          readonly apiVersion: number
          readonly apiName: string
          encode(): Promise<Encoded>
        }
        readonly response: { decode(bytes: Buffer): Promise<Buffer>; parse(bytes: Buffer): Promise<Buffer> }
      }): Promise<Buffer>
    }[]
  }
  connect(): Promise<void>
}

interface Cluster {
  readonly rootLogger: unknown
  readonly connectionPoolBuilder: { build(to: { readonly host: string; readonly port: number }): Promise<unknown> }
  readonly brokerPool: {
    createBroker(options: { readonly connectionPool: unknown; readonly logger: unknown }): Broker
  }
}

async function brokerOf(config: KafkaConfig, { host, port }: Dialled): Promise<Broker> {
  const kafka = new Kafka(config)
  const makeCluster = Object.getOwnPropertySymbols(kafka).find(
    (one) => one.description === 'private:Kafka:createCluster',
  )
  if (makeCluster === undefined) throw otherKafkajs()
  // Its declarations do not know what is behind this symbol.
  const cluster = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[makeCluster]?.({})
  if (cluster === undefined) throw otherKafkajs()
  const connectionPool = await cluster.connectionPoolBuilder.build({ host, port })
  return cluster.brokerPool.createBroker({ connectionPool, logger: cluster.rootLogger })
}

interface Question {
  readonly api: number
  readonly version: number
  readonly body: Buffer
}

const asIs = async (bytes: Buffer): Promise<Buffer> => bytes

async function send({ connectionPool }: Broker, { api, version, body }: Question): Promise<Buffer> {
  const connection = connectionPool.pool[0]
  if (connection === undefined) throw otherKafkajs()
  const encode = async (): Promise<Encoded> => ({ buf: body, buffer: body })
  const request = { apiKey: api, apiVersion: version, apiName: `api ${api}`, encode }
  return await connection.send({ request, response: { decode: asIs, parse: asIs } })
}

function translated(to: Dialled, socket: Error | undefined, cause: unknown): KafkaError {
  const { name, type } = cause as { readonly name?: string; readonly type?: string }
  const why = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
  const isRefused =
    name === 'KafkaJSSASLAuthenticationError' ||
    type === 'SASL_AUTHENTICATION_FAILED' ||
    why.startsWith('SASL authentication failed')
  if (isRefused || type === 'UNSUPPORTED_SASL_MECHANISM') return refusedLogin(to.host, to.port, why, cause)
  return dialError(to.host, to.port, socket, cause)
}

function otherKafkajs(): KafkaError {
  return new KafkaError('GARBAGE', 'This is not kafkajs 2.2.4, which this port is made for: install that version.', {
    fatal: true,
  })
}

import type * as Library from '@platformatic/kafka'
import { assertTaken } from './bearer.js'
import { connectBy } from './client/client.js'
import { obey } from './client/obey.js'
import { dialError, refusedLogin } from './dial-error.js'
import { KafkaError } from './error.js'
import type { KafkaConnect, KafkaPort, KafkaSasl, KafkaTls } from './port.js'
import { type CodecOptions, Codecs } from './protocol/codecs.js'
import type { Dialled, RawLine, Wire } from './wire.js'

/**
 * A port on the connections, TLS and SASL of @platformatic/kafka, which the program has to install: 1.35 on Node 20, 2 on newer
 * ones. All that decides what happens in a fault is ours, as with `kafkajs`.
 */
export function platformatic(codecs: CodecOptions = {}): KafkaPort {
  const unpack = new Codecs(codecs)
  return {
    name: wire.name,
    connect: async (options, signal) => {
      // Loading takes its time, which is none of the broker's.
      await obey(load(), signal)
      return await connectBy(wire, unpack, { options, signal })
    },
  }
}

const wire: Wire = { name: '@platformatic/kafka', dial }

async function dial(to: Dialled, options: KafkaConnect, signal: AbortSignal): Promise<RawLine> {
  const { Connection, Writer } = await load()
  const connection = new Connection(options.clientId, configOf(options))
  let socketError: Error | undefined
  // Listened to, for else it is thrown.
  connection.on('error', (error) => (socketError ??= error))
  connection.on('close', () => to.onEnd(socketError))
  const destroy = (): void => {
    connection.close(() => {})
    connection.socket?.destroy()
  }
  signal.addEventListener('abort', destroy, { once: true })
  try {
    signal.throwIfAborted()
    await connection.connect(to.host, to.port)
    signal.throwIfAborted()
    return { send: (api, version, body) => send(connection, Writer, { api, version, body }), destroy }
  } catch (cause) {
    destroy()
    throw translated(to, cause)
  } finally {
    signal.removeEventListener('abort', destroy)
  }
}

async function load(): Promise<typeof Library> {
  try {
    return await import('@platformatic/kafka')
  } catch (cause) {
    const text = 'The port platformatic needs the package @platformatic/kafka: npm install @platformatic/kafka'
    throw new KafkaError('GARBAGE', `${text}, which is version 1.35.0 for Node 20.`, { fatal: true, cause })
  }
}

/** None is queued there: our own limits are around each. */
const UNLIMITED = 1_000_000
const NEVER_MS = 2_147_483_647

function configOf({ tls, sasl, times }: KafkaConnect): Library.ConnectionOptions {
  return {
    connectTimeout: times.connectMs,
    requestTimeout: NEVER_MS,
    maxInflights: UNLIMITED,
    ...(tls && { tls: tlsOf(tls), tlsServerName: tls.serverName ?? true }),
    ...(sasl && { sasl: saslOf(sasl) }),
  }
}

function tlsOf({ ca, cert, key }: KafkaTls): object {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const

function saslOf(sasl: KafkaSasl): Library.SASLOptions {
  if (sasl.mechanism === 'oauthbearer')
    return { mechanism: 'OAUTHBEARER', token: () => sasl.token(), authBytesValidator: validate }
  return { mechanism: MECHANISMS[sasl.mechanism], username: sasl.user, password: sasl.password }
}

/** The library has one of its own for this, which calls back twice. */
function validate(answer: Buffer, callback: Library.CallbackWithPromise<Buffer>): void {
  try {
    assertTaken(answer)
  } catch (error) {
    callback(error as Error)
    return
  }
  callback(null, answer)
}

interface Question {
  readonly api: number
  readonly version: number
  readonly body: Buffer
}

function send(
  connection: Library.Connection,
  { create }: typeof Library.Writer,
  { api, version, body }: Question,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const write = (): Library.Writer => create().append(body)
    const parse = (_: number, __: number, ___: number, reader: Library.Reader): Buffer =>
      reader.buffer.slice(reader.position)
    connection.send<Buffer>(api, version, write, parse, false, false, (error, bytes) => {
      if (bytes === undefined) reject(error ?? new Error('no answer'))
      else resolve(bytes)
    })
  })
}

function translated(to: Dialled, cause: unknown): KafkaError {
  const chain = [...causesOf(cause)]
  const refused = chain.find((one) => /authentication failed|suitable SASL mechanism/i.test(one.message))
  const lost = chain.find((one) => (one as NodeJS.ErrnoException).code === 'ECONNRESET' || /closed/i.test(one.message))
  if (refused !== undefined && lost === undefined)
    return refusedLogin(to.host, to.port, refused.message.replace(/\.$/, ''), cause)
  const ofSocket = chain.find((one) => typeof (one as NodeJS.ErrnoException).syscall === 'string' || isOfTls(one))
  return dialError(to.host, to.port, ofSocket, chain.at(-1) ?? cause)
}

function isOfTls(error: Error): boolean {
  return /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO|SSL|TLS/.test(String((error as NodeJS.ErrnoException).code))
}

function* causesOf(error: unknown): Generator<Error> {
  for (let one = error; one instanceof Error; one = one.cause) yield one
}

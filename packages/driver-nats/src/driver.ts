import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import {
  type Authenticator,
  connect as dial,
  jwtAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'
import {
  type ConnectOptions,
  type Credentials,
  type Driver,
  type Endpoint,
  type Link,
  MessagingError,
} from '@spanwire/driver'
import { addressOf, credentialsFor, type EndpointForm, linkError, placeOf } from '@spanwire/driver/kit'
import { aborted, connectError } from './errors.js'
import { greet } from './greet.js'
import { NatsLink } from './link.js'
import { type NatsOptions, settingsOf } from './options.js'
import { Wire } from './wire.js'

/** What one handshake after the greeting may take, in ms; a dial that was given up keeps its socket as long. Servers wait 2 s. */
const HANDSHAKE_MS = 3_000
const ENDPOINTS: EndpointForm = { engine: 'NATS', schemes: ['nats', 'tls'], port: 4222 }
/** A second net below the client's own probes. */
const PING_MS = 3_000

/**
 * The driver for NATS: live topics and rpc on its subjects, durable topics and queues on JetStream. A link is one connection to
 * the first endpoint (`host:port` or `nats://host:port`, port 4222 if absent); nothing of nats.js's own reconnecting is used.
 * Credentials: `none`, `token`, `password`, or `key`: a user's JWT with its seed, or with an empty `jwt` the seed of an nkey.
 */
export function nats(options: NatsOptions = {}): Driver {
  const settings = settingsOf(options)
  return {
    spec: 1,
    name: 'nats',
    dials: 'one',
    assertEndpoint: (endpoint) => void placeOf(endpoint, ENDPOINTS),
    async connect([endpoint = ''], how, signal) {
      const place = placeOf(endpoint, ENDPOINTS)
      const credentials = await credentialsFor('NATS', how, signal)
      const tls = tlsOf(how, place.host)
      await greet(place, settings.tlsFirst ? (tls ?? {}) : undefined, signal)
      const server = addressOf(place)
      const nc = await connected(server, signal, {
        authenticator: authenticatorOf(credentials),
        name: how.client,
        ...((tls || settings.tlsFirst) && { tls: { ...tls, handshakeFirst: settings.tlsFirst } as never }),
      })
      const wire = new Wire(nc, server, settings.inboxPrefix)
      return new NatsLink({ wire, missing: how.missing, settings }, credentials.expiresAtMs)
    },
  } satisfies Driver & { connect(to: readonly Endpoint[], how: ConnectOptions, signal: AbortSignal): Promise<Link> }
}

function authenticatorOf(credentials: Credentials): Authenticator[] {
  switch (credentials.by) {
    case 'none':
      return []
    case 'token':
      return [tokenAuthenticator(credentials.token)]
    case 'password':
      return [usernamePasswordAuthenticator(credentials.user, credentials.password)]
    case 'key': {
      const seed = seedOf(credentials.seed)
      return [credentials.jwt === '' ? nkeyAuthenticator(seed) : jwtAuthenticator(credentials.jwt, seed)]
    }
    default:
      return credentials satisfies never
  }
}

/** Before a byte is sent: nats.js would find out in the middle of its handshake. */
function seedOf(text: string): Uint8Array {
  const seed = new TextEncoder().encode(text)
  try {
    nkeys.fromSeed(seed)
    return seed
  } catch (cause) {
    throw linkError('unauthenticated', 'The seed in the credentials for NATS is not the seed of an nkey.', { cause })
  }
}

/** An address is checked as an address: nats.js would check it against the name `localhost`. */
function tlsOf({ tls }: ConnectOptions, host: string): ConnectionOptions | undefined {
  if (!tls) return undefined
  const { ca, cert, key, serverName } = tls
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(serverName ? { servername: serverName } : isIP(host) ? { host } : { servername: host }),
  }
}

/** nats.js cannot give a dial up: if it comes through after the abort it is closed again. */
async function connected(
  server: string,
  signal: AbortSignal,
  options: NodeConnectionOptions & { authenticator: Authenticator[] },
): Promise<NatsConnection> {
  if (signal.aborted) throw aborted(signal, `Connecting to NATS at ${server}`)
  const dialing = dial({
    ...options,
    servers: [server],
    reconnect: false,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    timeout: HANDSHAKE_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
  })
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(aborted(signal, `Connecting to NATS at ${server}`))
      dialing.then((nc) => nc.close()).catch(() => undefined)
    }
    signal.addEventListener('abort', onAbort)
    dialing
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, (error: unknown) => reject(MessagingError.is(error) ? error : connectError(server, error)))
  })
}

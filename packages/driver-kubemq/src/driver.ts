import {
  type ChannelCredentials,
  type ClientOptions,
  credentials as grpc,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import type { ConnectOptions, Credentials, Driver, Endpoint, Link } from '@spanwire/driver'
import { addressOf, credentialsFor, type EndpointForm, linkError, placeOf } from '@spanwire/driver/kit'
import { Client } from './codec/client.js'
import { aborted, connectError } from './errors.js'
import { KubemqLink } from './link.js'
import { NAME } from './name.js'
import { Site } from './open.js'
import { type KubemqOptions, settingsOf } from './options.js'
import type { kubemqClient, PingResult } from './proto/kubemq.js'
import { Wire } from './wire.js'

/** What a KubeMQ server passes in one message, both ways. */
const MAX_MESSAGE_BYTES: number = 100 * 1024 * 1024
/** What the server adds to what it was sent must still fit. */
const SLACK_BYTES = 1024 * 1024
/** Sent to us and not yet read, at most, of a stream and of all together. */
const WINDOW_BYTES: number = 1024 * 1024
const ENDPOINTS: EndpointForm = { engine: 'KubeMQ', schemes: ['kubemq'], port: 50000 }

/**
 * The driver for KubeMQ. A link is one gRPC channel to the first endpoint (`host:port` or `kubemq://host:port`, port 50000 if
 * absent), which is never dialled again: when it is lost the link ends. Live topics are Events, durable topics Events Store, rpc
 * channels Queries (or Commands). Credentials: `none`, or `token`, which goes with each call as metadata `authorization`.
 */
export function kubemq(options: KubemqOptions = {}): Driver {
  const settings = settingsOf(options)
  return {
    spec: 1,
    name: NAME,
    dials: 'one',
    assertEndpoint: (endpoint) => void placeOf(endpoint, ENDPOINTS),
    async connect([endpoint = ''], how, signal) {
      const address = addressOf(placeOf(endpoint, ENDPOINTS))
      const credentials = await credentialsFor('KubeMQ', how, signal)
      const metadata = metadataOf(credentials)
      const client = new Client(address, transportOf(how), channelOptions(how))
      try {
        const server = await greeted(client, { address, metadata }, signal)
        const epoch = `${server.host}@${server.serverStartTime}`
        const wire = new Wire(client, { endpoint: address, name: how.client, epoch, metadata })
        return new KubemqLink(new Site(wire, settings), server, credentials.expiresAtMs)
      } catch (error) {
        client.close()
        throw error
      }
    },
  } satisfies Driver & { connect(to: readonly Endpoint[], how: ConnectOptions, signal: AbortSignal): Promise<Link> }
}

const VISIBLE = /^[\x20-\x7e]+$/

function metadataOf(credentials: Credentials): Metadata {
  const metadata = new Metadata()
  if (credentials.by === 'token') {
    // gRPC would refuse it too, with the token in its words.
    if (!VISIBLE.test(credentials.token)) {
      throw linkError('unauthenticated', 'The token for KubeMQ has characters that no header takes, or none at all.')
    }
    metadata.set('authorization', credentials.token)
  } else if (credentials.by !== 'none') {
    throw linkError('unauthenticated', `KubeMQ takes a token, not credentials by ${credentials.by}.`)
  }
  return metadata
}

function transportOf({ tls }: ConnectOptions): ChannelCredentials {
  if (!tls) return grpc.createInsecure()
  const { ca, cert, key } = tls
  try {
    return grpc.createSsl(pem(ca), pem(key), pem(cert))
  } catch (cause) {
    throw linkError('unavailable', 'TLS does not fit: check ca, cert and key.', { cause, retryable: false })
  }
}

function pem(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text)
}

/** No keepalive: servers throw out whoever pings by HTTP/2 more often than every five minutes. */
function channelOptions({ tls }: ConnectOptions): ClientOptions {
  return {
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES + SLACK_BYTES,
    'grpc.enable_retries': 0,
    // Nothing is sent again, so nothing is kept for it: what is written has left us.
    'grpc.per_rpc_retry_buffer_size': 0,
    'grpc.enable_channelz': 0,
    'grpc.use_local_subchannel_pool': 1,
    // The default stops the server, and this process, at each 64 KiB; and no more than that is under way in one round trip.
    'grpc-node.flow_control_window': WINDOW_BYTES,
    ...(tls?.serverName && { 'grpc.ssl_target_name_override': tls.serverName }),
  }
}

interface Greeting {
  readonly address: string
  readonly metadata: Metadata
}

/** The first round trip, which dials. An aborted one is given up with its channel. */
function greeted(client: kubemqClient, { address, metadata }: Greeting, signal: AbortSignal): Promise<PingResult> {
  const what = `Connecting to KubeMQ at ${address}`
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(aborted(signal, what))
    const call = client.ping({}, metadata, (error: ServiceError | null, server) => {
      signal.removeEventListener('abort', onAbort)
      if (error === null) resolve(server)
      else reject(connectError(address, error))
    })
    const onAbort = (): void => {
      signal.removeEventListener('abort', onAbort)
      reject(aborted(signal, what))
      call.cancel()
    }
    signal.addEventListener('abort', onAbort)
  })
}

import type { ConnectOptions, Credentials, Driver, Endpoint, Link } from '@spanwire/driver'
import { addressOf, credentialsFor, type EndpointForm, linkError, placeOf } from '@spanwire/driver/kit'
import { aborted, translated } from './errors.js'
import { KafkaLink } from './link.js'
import { type KafkaOptions, type Settings, settingsOf } from './options.js'
import { KafkaError } from './port/error.js'
import { kafkajs } from './port/kafkajs.js'
import type { KafkaPort, KafkaSasl } from './port/port.js'
import { Wire } from './wire.js'

const ENDPOINTS: EndpointForm = { engine: 'Kafka', schemes: ['kafka'], port: 9092 }

/**
 * The driver for Apache Kafka: topics, groups, queues on consumer groups, and requests, for convenience. A link is one client that
 * keeps connections to all brokers of a cluster by itself; endpoints (`host:port` or `kafka://host:port`, port 9092 if absent) are
 * some of them. It ends by `close()`, or when all of them refuse connections.
 * Credentials: `none`, `password` (SASL PLAIN or SCRAM, see `sasl`), `token` (SASL OAUTHBEARER).
 */
export function kafka(options: KafkaOptions = {}): Driver {
  const settings = settingsOf(options)
  return {
    spec: 1,
    name: 'kafka',
    dials: 'all',
    assertEndpoint: (endpoint) => void placeOf(endpoint, ENDPOINTS),
    async connect(endpoints, how, signal) {
      const places = endpoints.map((endpoint) => placeOf(endpoint, ENDPOINTS))
      const brokers = places.map(addressOf)
      const credentials = await credentialsFor('Kafka', how, signal)
      const client = await connected(options.port, { settings, how, brokers, credentials }, signal)
      const wire = new Wire(client, brokers.join(', '))
      return new KafkaLink({ wire, missing: how.missing, settings }, places, credentials.expiresAtMs)
    },
  } satisfies Driver & { connect(to: readonly Endpoint[], how: ConnectOptions, signal: AbortSignal): Promise<Link> }
}

interface Dial {
  readonly settings: Settings
  readonly how: ConnectOptions
  readonly brokers: readonly string[]
  readonly credentials: Credentials
}

async function connected(
  port: KafkaPort | undefined,
  { settings, how, brokers, credentials }: Dial,
  signal: AbortSignal,
): ReturnType<KafkaPort['connect']> {
  const where = brokers.join(', ')
  const sasl = saslOf(credentials, settings, how)
  const { tls, client: clientId } = how
  try {
    const dial = { brokers, clientId, times: settings.times, ...(tls && { tls }), ...(sasl && { sasl }) }
    return await (port ?? kafkajs()).connect(dial, signal)
  } catch (error) {
    if (signal.aborted) throw aborted(signal, `Connecting to Kafka at ${where}`)
    throw error instanceof KafkaError ? translated(`Connecting to Kafka at ${where}`, error, 'link') : error
  }
}

/** A token is asked for anew by each connection that is made later; if it cannot be had, that connection is not made. */
function saslOf(credentials: Credentials, { sasl }: Settings, how: ConnectOptions): KafkaSasl | undefined {
  switch (credentials.by) {
    case 'none':
      return undefined
    case 'password':
      return { mechanism: sasl, user: credentials.user, password: credentials.password }
    case 'token': {
      let first: string | undefined = credentials.token
      const fresh = async (): Promise<string> => {
        const given = first ?? (await how.credentials(new AbortController().signal))
        first = undefined
        if (typeof given === 'string') return given
        if (given.by === 'token') return given.token
        throw linkError('unauthenticated', 'The credentials for Kafka are no token any more.')
      }
      return { mechanism: 'oauthbearer', token: fresh }
    }
    case 'key':
      throw linkError('unauthenticated', 'Kafka takes no key with a seed; give user and password, or a token.')
    default:
      return credentials satisfies never
  }
}

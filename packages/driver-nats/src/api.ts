import { type Code, MessagingError } from '@spanwire/driver'
import { channelError, obeying } from '@spanwire/driver/kit'
import { aborted } from './errors.js'
import { headText, statusOf } from './headers.js'
import type { Wire } from './wire.js'

/** What JetStream says no with. */
export interface ApiError {
  readonly code: number
  readonly err_code?: number
  readonly description?: string
}

/** Its numbers, as far as they mean something to us. */
export const JS = {
  streamMissing: 10059,
  consumerMissing: 10014,
  streamInUse: 10058,
  consumerInUse: 10148,
  consumerNameInUse: 10013,
} as const

const CODES: Readonly<Record<number, readonly [Code, string]>> = {
  [JS.streamMissing]: ['not-found', 'the stream does not exist'],
  [JS.consumerMissing]: ['not-found', 'the consumer does not exist'],
  10058: ['conflict', 'a stream of this name has other settings'],
  10065: ['conflict', 'another stream takes the same subjects; rename the channel or that stream'],
  10099: ['conflict', 'a work queue takes one consumer only, and another one reads it'],
  10100: ['conflict', 'a work queue takes one consumer only, and another one reads it'],
  10148: ['conflict', 'a consumer of this name has other settings'],
  10013: ['conflict', 'a consumer of this name has other settings'],
  10039: ['capability', 'JetStream is not enabled for this account'],
  10076: ['capability', 'JetStream is not enabled on this server'],
  10074: ['capability', 'a single server keeps one copy; set replicas to 1, or run a cluster'],
  10025: ['capability', 'the server does not know a setting of this channel; it is older than its cluster'],
  10005: ['overloaded', 'no servers are left for so many copies; check the cluster, or set replicas'],
  10008: ['unavailable', 'JetStream has no leader at the moment'],
  10002: ['overloaded', 'the limits of the account are reached'],
  10077: ['overloaded', 'the stream is full and keeps what it has'],
  10023: ['overloaded', 'JetStream is out of space'],
  10026: ['overloaded', 'the limit of consumers is reached'],
  10027: ['overloaded', 'the limit of streams is reached'],
  10028: ['overloaded', 'JetStream is out of memory'],
  10047: ['overloaded', 'JetStream is out of storage'],
}

/** As an error of the channel. */
export function apiFault(what: string, error: ApiError): MessagingError {
  const [code, why] = CODES[error.err_code ?? 0] ?? [
    error.code >= 500 ? 'unavailable' : 'invalid',
    'the request failed',
  ]
  const text = `${what}: ${why} (JetStream ${error.err_code ?? error.code}: ${error.description ?? 'no description'}).`
  return channelError(code, text, { cause: error, ...(code === 'overloaded' && { retryable: false }) })
}

/** `undefined` instead of JetStream's no with that number. */
export function unless(number: number): (error: unknown) => undefined {
  return (error) => {
    if (isNo(error, number)) return undefined
    throw error
  }
}

/** Whether JetStream said no with one of these numbers. */
export function isNo(error: unknown, ...numbers: number[]): boolean {
  const { err_code: number } = (MessagingError.is(error) && (error.cause as Partial<ApiError> | undefined)) || {}
  return number !== undefined && numbers.includes(number)
}

/** So often a call is repeated while nobody answers: what is asked while JetStream elects a leader is lost. Every call of ours may be. */
const AGAIN_MS = 1_000

/** One call of JetStream's API, and what errors say was tried. */
export interface Call {
  readonly what: string
  readonly subject: string
  readonly body?: object
}

/** The answer of JetStream. Rejects with its no, or when there is none: no JetStream, no leader, aborted, the link ended. */
export async function callApi<T extends object>(wire: Wire, call: Call, signal: AbortSignal): Promise<T> {
  const { inbox, shut } = wire
  const { what, subject, body } = call
  if (shut) throw shut
  if (signal.aborted) throw aborted(signal, what)
  const number = inbox.numbers(1)
  const address = `$JS.API.${subject}`
  const write = (reply: string): void => wire.tell(address, body ? JSON.stringify(body) : '', reply)
  const asked = inbox.ask(address, write, number)
  const again = setInterval(() => write(inbox.address(number)), AGAIN_MS)
  try {
    const msg = await obeying(signal, () => aborted(signal, what), asked)
    if (statusOf(headText(msg)) === 503) throw noJetStream(what, wire)
    const answer: T | { readonly error: ApiError } = JSON.parse(new TextDecoder().decode(msg.data))
    if ('error' in answer) throw apiFault(what, answer.error)
    return answer
  } catch (error) {
    throw wire.over ?? error
  } finally {
    clearInterval(again)
    inbox.forget(number)
  }
}

/** Nobody listens to JetStream's calls: it is off, or was stopped since we connected. */
function noJetStream(what: string, { nc, endpoint }: Wire): MessagingError {
  return nc.info?.jetstream
    ? channelError(
        'unavailable',
        `${what}: JetStream of the NATS server at ${endpoint} does not answer; it may be shutting down.`,
      )
    : channelError(
        'capability',
        `${what}: the NATS server at ${endpoint} runs without JetStream, which durable topics, queues and latest values need; start it with -js, or make the topic live.`,
      )
}

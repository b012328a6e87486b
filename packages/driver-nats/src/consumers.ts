import { nuid } from '@nats-io/transport-node'
import { type ChannelSpec, matchesPath, type Source, type Start } from '@spanwire/driver'
import { channelError } from '@spanwire/driver/kit'
import { callApi, isNo, JS, unless } from './api.js'
import type { Opened } from './opened.js'
import { everything, patternsOf } from './patterns.js'
import { isAtLeast, type StreamInfo, streamOf } from './streams.js'
import type { Wire } from './wire.js'

/** What JetStream says of a consumer. */
export interface ConsumerInfo {
  readonly name: string
  readonly num_pending: number
  /** Counts each delivery to anybody. `last_active` is not stored: it is absent until the server that runs now has given something. */
  readonly delivered: { readonly consumer_seq: number; readonly last_active?: string }
  /** Deliveries that somebody has and has not settled. */
  readonly num_ack_pending: number
  readonly config: ConsumerConfig
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly unknown[] }
}

/** Which messages of a stream: what the server can tell apart, and what is left for us. */
export interface Filter {
  readonly config: { readonly filter_subject?: string; readonly filter_subjects?: readonly string[] }
  /** Absent: the server's filter is exact. */
  readonly passes?: (path: string) => boolean
}

/** Where a reader begins. */
export type From = { readonly seq: number } | { readonly timeMs: number } | 'latest'

/** How long the server keeps a reader that does not read, in ms. */
const IDLE_MS = 60_000
/** Deliveries that all members of a group together may have unsettled; each one's share is bounded by its flow. */
const MAX_UNSETTLED = 65_536
/** Members of a group that may ask at once. */
const MAX_ASKING = 4_096

/** Servers before 2.10 take one subject, and none takes two that overlap: then all is read and the rest left out here. */
export function filterOf(wire: Wire, spec: ChannelSpec, source: Source): Filter {
  const { paths } = source
  const subjects = patternsOf(spec, source)
  const wide = everything(spec)
  if (!paths || subjects.includes(wide)) return { config: { filter_subject: wide } }
  if (subjects.length === 1 && subjects[0]) return { config: { filter_subject: subjects[0] } }
  const apart = subjects.every((one, at) => subjects.slice(0, at).every((other) => !overlap(one, other)))
  if (apart && isAtLeast(wire.nc.info?.version, 2, 10)) return { config: { filter_subjects: subjects } }
  return { config: { filter_subject: wide }, passes: (path) => paths.some((one) => matchesPath(one, path)) }
}

function overlap(a: string, b: string): boolean {
  const tokens = b.split('.')
  return a.split('.').every((token, at) => token === tokens[at] || token === '*' || tokens[at] === '*')
}

/** Where to begin in this log. Rejects a position that is not of it. */
export function fromOf(start: Start | undefined, { created, state }: StreamInfo, name: string): From {
  switch (start?.at) {
    case undefined:
    case 'now':
      return { seq: state.last_seq + 1 }
    case 'beginning':
      return { seq: 1 }
    case 'latest':
      return 'latest'
    case 'time':
      return { timeMs: start.timeMs }
    case 'position': {
      const bar = start.position.lastIndexOf('|')
      const seq = Number(start.position.slice(bar + 1))
      if (start.position.slice(0, bar) !== created || !(seq <= state.last_seq)) {
        throw channelError(
          'conflict',
          `The position ${start.position} is not of stream ${streamOf(name)}, which was made at ${created} and ends at ${state.last_seq}.`,
          { retryable: false },
        )
      }
      return { seq: seq + 1 }
    }
    default:
      return start satisfies never
  }
}

/** Tries to make a reader where the stream's leader is. Each has one chance in as many as there are copies. */
const MAX_TRIES = 8

/**
 * A consumer for one reader, without acknowledgements, that ends with it or a minute after. In a cluster it is made at any copy of the
 * stream, and one that is behind gives other messages as the newest: who asks for those is served by the leader, if that can be had.
 */
export async function createReader(
  { wire, spec }: Opened,
  { from, filter, leader }: { readonly from: From; readonly filter: Filter; readonly leader: string | undefined },
  signal: AbortSignal,
): Promise<ConsumerInfo> {
  for (let tries = 1; ; tries++) {
    const config = {
      ...startConfig(from),
      ...filter.config,
      name: `reader-${nuid.next()}`,
      ack_policy: 'none',
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: IDLE_MS * 1_000_000,
    }
    const made = await create(wire, spec, config, signal)
    if (from !== 'latest' || made.cluster?.leader === leader || tries === MAX_TRIES) return made
    deleteReader(wire, spec, made.name)
  }
}

/** Its reader has gone. Nobody waits for the answer. */
export function deleteReader(wire: Wire, spec: ChannelSpec, name: string): void {
  wire.tell(`$JS.API.CONSUMER.DELETE.${streamOf(spec.name)}.${name}`, '')
}

export interface Membership {
  readonly name: string
  readonly leaseMs: number
  /** Where the first member begins; absent: at what is there. */
  readonly from?: From
  readonly filter: Filter
}

/** The consumer in which the members of a group share, made by the first. */
export async function joinGroup(
  wire: Wire,
  spec: ChannelSpec,
  { name, leaseMs, from, filter }: Membership,
  signal: AbortSignal,
): Promise<ConsumerInfo> {
  const stream = streamOf(spec.name)
  const config = {
    ...(from && startConfig(from)),
    ...filter.config,
    name,
    durable_name: name,
    ack_policy: 'explicit',
    ack_wait: leaseMs * 1_000_000,
    max_deliver: -1,
    max_ack_pending: MAX_UNSETTLED,
    max_waiting: MAX_ASKING,
  }
  const consumer = `${stream}.${name}`
  const find = (): Promise<ConsumerInfo> => findConsumer(wire, consumer, signal)
  const found = await find().catch(unless(JS.consumerMissing))
  const made = found ?? (await create(wire, spec, config, signal).catch(unlessTaken))
  const info = made ?? (await find())
  const { ack_wait: lease = 0 } = info.config
  if (lease === config.ack_wait) return info
  throw channelError(
    'conflict',
    `Consumer ${name} of stream ${stream} has a lease of ${lease / 1_000_000} ms, not of ${leaseMs} ms.`,
    { retryable: false },
  )
}

/** Another member may have made it in between. */
function unlessTaken(error: unknown): undefined {
  if (!isNo(error, JS.consumerInUse, JS.consumerNameInUse)) throw error
}

/** `consumer`: stream and name, joined by a dot. Rejects with `not-found` when it was deleted. */
export function findConsumer(wire: Wire, consumer: string, signal: AbortSignal): Promise<ConsumerInfo> {
  const call = { what: `Looking for consumer ${consumer}`, subject: `CONSUMER.INFO.${consumer}` }
  return callApi<ConsumerInfo>(wire, call, signal)
}

/** Of a consumer, as far as we look at it; what the server told is given back whole. */
interface ConsumerConfig {
  readonly name: string
  readonly filter_subject?: string
  readonly ack_wait?: number
  readonly description?: string
}

/** Changes the settings of a consumer that is there. */
export function updateConsumer(
  wire: Wire,
  spec: ChannelSpec,
  config: ConsumerConfig,
  signal: AbortSignal,
): Promise<ConsumerInfo> {
  return create(wire, spec, config, signal, 'update')
}

function create(
  wire: Wire,
  spec: ChannelSpec,
  config: ConsumerConfig,
  signal: AbortSignal,
  action: 'create' | 'update' = 'create',
): Promise<ConsumerInfo> {
  const stream = streamOf(spec.name)
  const { name, filter_subject: filter } = config
  const subject = `CONSUMER.CREATE.${stream}.${name}${filter ? `.${filter}` : ''}`
  const body = { stream_name: stream, config, action }
  return callApi<ConsumerInfo>(wire, { what: `Attaching to ${spec.name}`, subject, body }, signal)
}

function startConfig(from: From): object {
  if (from === 'latest') return { deliver_policy: 'last_per_subject' }
  if ('seq' in from) return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, from.seq) }
  return { deliver_policy: 'by_start_time', opt_start_time: new Date(from.timeMs).toISOString() }
}

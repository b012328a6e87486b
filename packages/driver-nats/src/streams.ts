import type { ChannelSpec } from '@spanwire/driver'
import { channelError } from '@spanwire/driver/kit'
import { callApi, isNo, JS, unless } from './api.js'
import type { Site } from './open.js'
import type { Settings } from './options.js'
import { everything } from './patterns.js'
import type { Wire } from './wire.js'

/** Settings as JetStream writes them; what is not listed keeps the server's default. */
export interface StreamConfig {
  readonly name: string
  readonly description?: string
  readonly subjects: readonly string[]
  readonly retention: 'limits' | 'workqueue'
  readonly max_msgs_per_subject?: number
  readonly max_msg_size?: number
  readonly allow_msg_ttl?: boolean
  readonly allow_msg_schedules?: boolean
}

/** What JetStream says of a stream. */
export interface StreamInfo {
  readonly config: StreamConfig
  /** When it was made: the epoch of its log. */
  readonly created: string
  readonly state: { readonly first_seq: number; readonly last_seq: number; readonly first_ts: string }
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly Replica[] }
}

interface Replica {
  readonly current?: boolean
  readonly offline?: boolean
  /** So many steps of the leader it has not heard of. */
  readonly lag?: number
}

interface Made extends StreamInfo {
  readonly did_create?: boolean
}

const OURS = 'Spanwire '
/** How many messages of a path a live topic keeps for late comers: the newest, and those that a reader is about to pass. */
const LATEST_DEPTH = 8

/** `quotes.eu` is the stream `quotes_eu`: names of streams have no dots, ours have no underscores. */
export function streamOf(name: string): string {
  return name.replaceAll('.', '_')
}

/** Where delayed messages wait: a subject of their own each. */
export function laterSubject(name: string, one: string): string {
  return `sw.later.${name}.${one}`
}

function streamInfo(wire: Wire, name: string, signal: AbortSignal): Promise<StreamInfo | undefined> {
  const call = { what: `Looking for the stream of ${name}`, subject: `STREAM.INFO.${streamOf(name)}` }
  return callApi<StreamInfo>(wire, call, signal).catch(unless(JS.streamMissing))
}

/** Rejects with `not-found` when it was deleted. */
export async function streamThere(wire: Wire, name: string, signal: AbortSignal): Promise<StreamInfo> {
  const info = await streamInfo(wire, name, signal)
  if (info) return info
  throw channelError('not-found', `Stream ${streamOf(name)} was deleted; open the channel again.`)
}

/** Patience with a copy that is behind, and between two looks. */
const MAX_LOOKS = 10
const LOOK_MS = 20

/**
 * The stream's state, when its copies have all that it tells of. In a cluster a consumer is made at any copy, and one that is behind
 * would say that nothing is stored, or that an older message is the newest. Copies that stay behind are not waited for.
 */
export async function replicatedInfo(wire: Wire, name: string, signal: AbortSignal): Promise<StreamInfo> {
  const first = await streamThere(wire, name, signal)
  let now = first
  for (let looks = 1; looks < MAX_LOOKS; looks++) {
    const since = now.state.last_seq - first.state.last_seq
    const isBehind = now.cluster?.replicas?.some(({ offline, lag = 0 }) => !offline && lag > since)
    if (!isBehind || signal.aborted) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    now = await streamThere(wire, name, signal)
  }
  return first
}

/** Makes the stream of a channel, or compares it with what is there. */
export async function openStream(site: Site, spec: ChannelSpec, signal: AbortSignal): Promise<StreamInfo> {
  const { wire, settings, missing } = site
  const wanted = configOf(wire, spec, settings)
  const there = await streamInfo(wire, spec.name, signal)
  if (there) return compared(spec, wanted, there)
  if (missing === 'refuse') {
    const text = `Stream ${wanted.name} does not exist at this NATS server; create it, or let the site create what is missing.`
    throw channelError('not-found', text, { retryable: false })
  }
  const call = { what: `Creating stream ${wanted.name}`, subject: `STREAM.CREATE.${wanted.name}`, body: wanted }
  try {
    return echoed(wire, wanted, await callApi<Made>(wire, call, signal))
  } catch (error) {
    // Somebody else may have made it in between.
    const theirs = isNo(error, JS.streamInUse) && (await streamInfo(wire, spec.name, signal))
    if (theirs) return compared(spec, wanted, theirs)
    throw error
  }
}

/** Most copies follow a leader. A single copy has none to follow. */
export function isLed({ cluster }: StreamInfo): boolean {
  if (!cluster?.replicas?.length) return true
  const well = cluster.replicas.filter((one) => one.current).length + 1
  return cluster.leader !== undefined && cluster.leader !== '' && well * 2 > cluster.replicas.length + 1
}

/** A channel that needs no stream must not share its subjects with one: JetStream would answer its requests. */
export async function assertNoStream(wire: Wire, spec: ChannelSpec): Promise<void> {
  if (!wire.nc.info?.jetstream) return
  // Who may not ask, or asks while JetStream has no leader, is not kept from what needs none.
  const there = await streamInfo(wire, spec.name, AbortSignal.timeout(500)).catch(() => undefined)
  if (there) throw conflict(spec.name, there.config.description ?? 'a stream', describe(spec))
}

function configOf(wire: Wire, spec: ChannelSpec, settings: Settings): StreamConfig {
  const { version, cluster } = wire.nc.info ?? {}
  const live = spec.kind === 'topic' && spec.keep === 'live'
  const { maxAgeMs, maxBytes, maxQueueBytes, replicas } = settings
  const queue = spec.kind === 'queue'
  const delays = queue && maxQueueBytes < 0 && isAtLeast(version, 2, 12)
  return {
    name: streamOf(spec.name),
    description: describe(spec),
    subjects: [everything(spec), ...(delays ? [laterSubject(spec.name, '*')] : [])],
    retention: queue ? 'workqueue' : 'limits',
    ...{
      storage: live ? 'memory' : 'file',
      num_replicas: replicas ?? (cluster ? 3 : 1),
      // A queue that is full takes no more; a topic lets go of its oldest.
      discard: queue && maxQueueBytes >= 0 ? 'new' : 'old',
      max_age: queue ? 0 : maxAgeMs * 1_000_000,
      max_bytes: queue ? maxQueueBytes : maxBytes,
    },
    ...(live && { max_msgs_per_subject: LATEST_DEPTH }),
    ...(!live && isAtLeast(version, 2, 11) && { allow_msg_ttl: true }),
    ...(delays && { allow_msg_schedules: true }),
  }
}

/** An old server leaves out what it does not know, without a word: then what it made is taken away again. */
function echoed(wire: Wire, wanted: StreamConfig, made: Made): StreamInfo {
  const got = made.config as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(wanted)) {
    if (JSON.stringify(got[name] ?? 0) === JSON.stringify(value)) continue
    const text = `Stream ${wanted.name}: the server was asked for ${name} ${JSON.stringify(value)} and keeps ${JSON.stringify(got[name])}.`
    if (made.did_create) wire.tell(`$JS.API.STREAM.DELETE.${wanted.name}`, '')
    throw channelError('capability', text)
  }
  return made
}

/** What the channel is must be the same; limits and copies are the operator's. */
function compared(spec: ChannelSpec, wanted: StreamConfig, there: StreamInfo): StreamInfo {
  const { config } = there
  if (config.description?.startsWith(OURS) && config.description !== wanted.description) {
    throw conflict(spec.name, config.description, describe(spec))
  }
  const missing = config.subjects.includes(everything(spec)) ? [] : [everything(spec)]
  if (missing.length > 0) throw conflict(spec.name, `subjects ${config.subjects.join(', ')}`, `subject ${missing[0]}`)
  if (config.retention !== wanted.retention) {
    throw conflict(spec.name, `retention ${config.retention}`, `retention ${wanted.retention}`)
  }
  return there
}

function conflict(name: string, there: string, wanted: string): Error {
  const text = `Stream ${streamOf(name)} exists with ${there}, not with ${wanted}; open the channel as it is, or remove the stream.`
  return channelError('conflict', text, { retryable: false })
}

/** For operators, and for the next one who opens it. */
function describe(spec: ChannelSpec): string {
  const kind =
    spec.kind === 'topic'
      ? `${spec.keep} topic${spec.latest ? ', latest kept' : ''}`
      : spec.kind === 'queue'
        ? `queue, lease ${spec.leaseMs} ms`
        : 'rpc'
  return `${OURS}${kind}, ${spec.params} ${spec.params === 1 ? 'parameter' : 'parameters'}`
}

export function isAtLeast(version: string | undefined, major: number, minor: number): boolean {
  const [a = 0, b = 0] = (version ?? '').split('.').map(Number)
  return a > major || (a === major && b >= minor)
}

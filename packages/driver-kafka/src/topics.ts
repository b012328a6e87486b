import type { ChannelSpec, ConnectOptions } from '@spanwire/driver'
import { channelError } from '@spanwire/driver/kit'
import type { Settings } from './options.js'
import { KafkaError } from './port/error.js'
import type { KafkaTopic, NewKafkaTopic } from './port/port.js'
import { logOf } from './position.js'
import { describe, madeAs, tagOf } from './tag.js'
import type { Wire } from './wire.js'

/** Divides 240, so that buckets of keys lie where Kafka's own clients put them; enough for six consumers. */
const DEFAULT_PARTITIONS = 6
const DEFAULT_REPLICAS = 3
/** What brokers take where they do not tell: a little less than their default. */
const UNTOLD_MAX_BYTES = 1_000_000

export interface Place {
  readonly wire: Wire
  readonly missing: ConnectOptions['missing']
  readonly settings: Settings
}

/** A topic as it was when a channel was opened. */
export interface Topic {
  /** Which log it is, for positions. */
  readonly log: string
  readonly partitions: number
  /** Of one batch of records. */
  readonly maxBytes: number
}

/** Makes the topic of a channel, or compares it with the one that is there. */
export async function openTopic(place: Place, spec: ChannelSpec, signal: AbortSignal): Promise<Topic> {
  const { wire, missing, settings } = place
  const there = await find(wire, spec.name, signal)
  if (there !== undefined) return compared(place, spec, there, signal)
  if (missing === 'refuse') {
    const text = `Topic ${spec.name} does not exist at Kafka (${wire.where}); create it, or let the site create what is missing.`
    throw channelError('not-found', text, { retryable: false })
  }
  await createTopic(
    wire,
    { name: spec.name, partitions: settings.partitions ?? DEFAULT_PARTITIONS },
    { settings, as: settingsFor(spec, settings) },
    signal,
  )
  const made = await find(wire, spec.name, signal)
  if (made === undefined) {
    throw channelError('unavailable', `Topic ${spec.name} was made and is not known to all brokers yet.`)
  }
  return compared(place, spec, made, signal)
}

/** Makes a topic with as many copies as wanted, or as there can be. Somebody else may make it at the same time. */
export async function createTopic(
  wire: Wire,
  { name, partitions }: Pick<NewKafkaTopic, 'name' | 'partitions'>,
  { settings: { replicas }, as }: { readonly settings: Settings; readonly as: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<void> {
  const copies = replicas ?? DEFAULT_REPLICAS
  const create = (topic: NewKafkaTopic): Promise<unknown> =>
    wire.ask({ what: `Creating topic ${name}` }, signal, (client) => client.create(topic, signal))
  const settings = copies > 2 ? { ...as, 'min.insync.replicas': '2' } : as
  await create({ name, partitions, replicas: copies, settings }).catch((error: Error) => {
    const isTooMany = error.cause instanceof KafkaError && error.cause.code === 'INVALID_REPLICATION_FACTOR'
    if (!isTooMany || replicas !== undefined) throw error
    return create({ name, partitions, settings: as })
  })
  // Who leads a new partition is known a moment before it takes records.
  const call = { what: `Looking at the new topic ${name}` }
  await wire.ask(call, signal, (client) => client.offsets(name, 'end', signal))
}

export function find(wire: Wire, name: string, signal: AbortSignal): Promise<KafkaTopic | undefined> {
  return wire.ask({ what: `Looking for topic ${name}` }, signal, (client) => client.describe(name, signal))
}

/** What the channel is must be the same; limits, copies and age are the operator's. */
async function compared(
  { wire, settings }: Place,
  spec: ChannelSpec,
  { id, partitions }: KafkaTopic,
  signal: AbortSignal,
): Promise<Topic> {
  const { length: count } = partitions
  const topic = { log: logOf(wire.client.clusterId, id), partitions: count }
  if (settings.partitions !== undefined && settings.partitions !== count) {
    throw conflict(spec.name, `${count} partitions`, `${settings.partitions}: keys would have other homes`)
  }
  const call = { what: `Reading the settings of ${spec.name}` }
  const told = await wire.ask(call, signal, (client) => client.settings(spec.name, signal))
  if (told === undefined) return { ...topic, maxBytes: UNTOLD_MAX_BYTES }
  const made = madeAs(Number(told.get('segment.ms')))
  if (made !== undefined && made !== describe(spec)) throw conflict(spec.name, `as ${made}`, describe(spec))
  const isCompact = told.get('cleanup.policy')?.includes('compact') ?? false
  if (isCompact !== (spec.kind === 'topic' && spec.latest)) {
    throw conflict(spec.name, `cleanup.policy ${told.get('cleanup.policy')}`, describe(spec))
  }
  return { ...topic, maxBytes: Number(told.get('max.message.bytes')) || UNTOLD_MAX_BYTES }
}

function conflict(name: string, there: string, wanted: string): Error {
  const text = `Topic ${name} exists with ${there}, not with ${wanted}; open the channel as it is, or remove the topic.`
  return channelError('conflict', text, { retryable: false })
}

/** Brokers stamp records themselves: a replay by time goes by their clock, not by publishers'. */
function settingsFor(spec: ChannelSpec, { maxAgeMs, liveMaxAgeMs }: Settings): Readonly<Record<string, string>> {
  const common = { 'message.timestamp.type': 'LogAppendTime', 'segment.ms': String(tagOf(spec)) }
  const isLive = spec.kind === 'rpc' || (spec.kind === 'topic' && spec.keep === 'live')
  const ageMs = spec.kind === 'queue' ? 0 : isLive ? liveMaxAgeMs : maxAgeMs
  const retention = String(ageMs > 0 ? ageMs : -1)
  if (spec.kind !== 'topic' || !spec.latest) return { ...common, 'cleanup.policy': 'delete', 'retention.ms': retention }
  // History is kept as long as that of a topic without latest; older values of a path go after that.
  const history = { 'min.compaction.lag.ms': String(isLive ? 0 : Math.max(0, ageMs)) }
  return { ...common, 'cleanup.policy': 'compact', ...history }
}

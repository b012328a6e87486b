import type { Capabilities, Channel, ChannelSpec, Reception } from '@spanwire/driver'
import { channelError } from '@spanwire/driver/kit'
import { readLog } from './log.js'
import type { Opened, Wanted } from './opened.js'
import { rpcChannel } from './rpc.js'
import { Dispatch } from './sending.js'
import { find, openTopic, type Place, type Topic } from './topics.js'
import { shareTopic, takeJobs } from './work.js'

/** Kept free of a batch's bytes for what lies around one message: the batch, key, path, id. */
const AROUND = 1_024
/** And for what clients write on a job that they try again or give up, so that the largest one still fits. */
const MAX_ADDED = 4_096

/** Makes what the channel needs at the cluster, or compares it with what is there. */
export async function openChannel(place: Place, spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
  const { wire, settings } = place
  const topic = await openTopic(place, spec, signal)
  const room = topic.maxBytes - AROUND
  const maxAdded = Math.min(MAX_ADDED, room >> 2)
  const opened: Opened = { wire, spec, settings, topic, can: abilities(spec, topic, room - maxAdded), maxAdded }
  const common = { can: opened.can, probe: (probing: AbortSignal) => probe(opened, probing) }
  if (spec.kind === 'rpc') return { ...common, ...rpcChannel(place, opened) }
  const dispatch = new Dispatch(opened)
  return {
    ...common,
    send: (batch, report) => dispatch.send(batch, report),
    receive: (...wanted) => receive(opened, wanted),
  }
}

function receive(opened: Opened, wanted: Wanted): Promise<Reception> {
  const [{ group }] = wanted
  if (opened.spec.kind === 'queue') return takeJobs(opened, wanted)
  return group === undefined ? readLog(opened, wanted) : shareTopic(opened, group, wanted)
}

function abilities(spec: ChannelSpec, { partitions }: Topic, maxBytes: number): Capabilities {
  const latest = spec.kind === 'topic' && spec.latest ? (['latest'] as const) : []
  return {
    maxBytes,
    confirms: 'stored',
    starts: spec.kind === 'topic' ? ['now', 'beginning', 'time', 'position', ...latest] : [],
    groups: spec.kind === 'topic',
    waits: true,
    keyed: spec.kind === 'queue',
    partitions,
    retries: false,
    extends: false,
    counts: false,
    maxDelayMs: 0,
    ttl: false,
  }
}

/** Every partition has a leader, and each of them answers. */
async function probe({ wire, spec }: Opened, signal: AbortSignal): Promise<void> {
  const topic = await find(wire, spec.name, signal)
  if (topic === undefined)
    throw channelError('not-found', `Topic ${spec.name} is not at Kafka (${wire.where}) any more.`)
  const ill = topic.partitions.filter(({ leader }) => leader === undefined).map(({ partition }) => partition)
  if (ill.length > 0) throw channelError('unavailable', `${spec.name}: partitions without a leader: ${ill.join(', ')}.`)
  await wire.ask({ what: `A probe of ${spec.name}` }, signal, (client) => client.offsets(spec.name, 'end', signal))
}

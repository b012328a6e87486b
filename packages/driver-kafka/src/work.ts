import type { Reception, Start } from '@spanwire/driver'
import { obeying } from '@spanwire/driver/kit'
import type { Terms } from './bench.js'
import { aborted, incapable } from './errors.js'
import type { Opened, Wanted } from './opened.js'
import { filterOf } from './patterns.js'
import type { KafkaPoint } from './port/port.js'
import { Sharing } from './sharing.js'
import { beginOf } from './starts.js'

/** A sign of life for the coordinator, which tells in its answer that the group is to be divided anew. */
const HEARTBEAT_MS = 500
/** What one fetch of one broker brings: nobody else gets it while it lies here. */
const MAX_FETCH = 256 * 1024

/** The name of a consumer group at Kafka: plain clients that take it share with us. */
export function groupOf(channel: string, group: string): string {
  return `${channel}.${group}`
}

/** The jobs of a queue, in which all workers share. */
export function takeJobs(opened: Opened, wanted: Wanted): Promise<Reception> {
  const [source] = wanted
  const { spec } = opened
  if (source.paths) return Promise.reject(incapable(spec.name, 'be read by path'))
  const leaseMs = spec.kind === 'queue' ? spec.leaseMs : Number.POSITIVE_INFINITY
  const terms = { leaseMs, passes: undefined, keyed: true }
  return share(opened, { group: groupOf(spec.name, 'workers'), start: { at: 'beginning' }, terms }, wanted)
}

/** A group's share of a durable topic. */
export async function shareTopic(opened: Opened, group: string, wanted: Wanted): Promise<Reception> {
  const [source] = wanted
  const { spec, settings } = opened
  const { start = { at: 'now' } } = source
  if (start.at === 'latest') throw incapable(spec.name, 'start a group at the latest messages')
  const passes = filterOf(spec, source)
  const terms = { leaseMs: settings.groupLeaseMs, passes, keyed: false }
  return share(opened, { group: groupOf(spec.name, group), start, terms }, wanted)
}

export interface Membership {
  readonly group: string
  /** Where the first member begins. */
  readonly start: Start
  readonly terms: Terms
}

/** Resolves when the group has given us our share, and its place is kept. */
export async function share(
  opened: Opened,
  { group, start, terms }: Membership,
  [, flow, signal]: Wanted,
): Promise<Reception> {
  const { wire, spec, settings } = opened
  const sharing = new Sharing(opened, terms, flow)
  const { sessionMs } = settings
  const { point, offsets } = await pointOf(opened, start, signal)
  const options = {
    group,
    topics: [spec.name],
    start: point,
    sessionMs,
    rebalanceMs: sessionMs,
    heartbeatMs: HEARTBEAT_MS,
    maxBytes: Math.min(MAX_FETCH, Math.max(1, flow.bytes)),
  }
  const what = `Joining group ${group}`
  const member = await wire.ask({ what }, signal, (client) => client.join(options, sharing.holdings, signal))
  if (wire.over || signal.aborted) await member.leave(AbortSignal.abort())
  if (wire.over) throw wire.over
  if (offsets) sharing.holdings.startAt(offsets, member, spec.name)
  const reception = sharing.begin(member)
  // What the first member begins at is committed at once: who takes over before anything is done begins there too.
  try {
    await obeying(signal, () => aborted(signal, what), sharing.holdings.noted)
  } catch (error) {
    await reception.stop(AbortSignal.abort())
    throw error
  }
  return reception
}

async function pointOf(
  { wire, spec }: Opened,
  start: Start,
  signal: AbortSignal,
): Promise<{ readonly point: KafkaPoint; readonly offsets?: readonly number[] }> {
  switch (start.at) {
    case 'now':
      return { point: 'end' }
    case 'beginning':
    case 'latest':
      return { point: 'beginning' }
    case 'time':
      return { point: { timeMs: start.timeMs } }
    case 'position':
      return { point: 'beginning', offsets: (await beginOf(wire, spec.name, start, signal)).from }
    default:
      return start satisfies never
  }
}

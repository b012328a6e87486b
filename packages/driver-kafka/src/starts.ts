import type { Start } from '@spanwire/driver'
import { channelError } from '@spanwire/driver/kit'
import type { KafkaPoint } from './port/port.js'
import { logOf, parsePosition } from './position.js'
import { find } from './topics.js'
import type { Wire } from './wire.js'

/** Where a reader begins, and what there was then. By number of the partition. */
export interface Begin {
  /** Which log it is, for positions. */
  readonly log: string
  readonly from: readonly number[]
  /** Behind what was stored when it attached. */
  readonly ends: readonly number[]
  /** So many lay before and are gone. */
  readonly expired: number
}

/** Looks up the offsets of that start. Rejects with `conflict` for a position of another log. */
export async function beginOf(
  wire: Wire,
  topic: string,
  wanted: Start | undefined,
  signal: AbortSignal,
): Promise<Begin> {
  const start = wanted ?? { at: 'now' }
  const look = async (at: KafkaPoint): Promise<readonly number[]> => {
    const call = { what: `Looking up offsets of ${topic}` }
    const offsets = await wire.ask(call, signal, (client) => client.offsets(topic, at, signal))
    return Array.from({ length: offsets.size }, (_, partition) => offsets.get(partition) ?? 0)
  }
  const point = pointOf(start)
  const [there, ends, from = ends] = await Promise.all([
    find(wire, topic, signal),
    look('end'),
    ...(point === 'end' ? [] : [look(point)]),
  ])
  const begin = { log: logOf(wire.client.clusterId, there?.id), from, ends, expired: 0 }
  return start.at === 'position' ? resumed(begin, topic, start.position) : begin
}

function pointOf(start: Start): KafkaPoint {
  if (start.at === 'time') return { timeMs: start.timeMs }
  return start.at === 'now' ? 'end' : 'beginning'
}

/** `begin`: at the beginning. */
function resumed({ log, from: lows, ends }: Begin, topic: string, position: string): Begin {
  const { offsets } = parsePosition(position, log)
  if (offsets.some((offset, partition) => (offset ?? 0) > (ends[partition] ?? 0))) {
    const text = `The position ${position} is beyond the ends of ${topic}, which are ${ends.join(',')}: its log was cut.`
    throw channelError('conflict', text, { retryable: false })
  }
  // A partition that the position does not name was not there then: all of it is new.
  const from = lows.map((low, partition) => Math.max(low, offsets[partition] ?? low))
  const expired = lows.reduce((sum, low, partition) => sum + Math.max(0, low - (offsets[partition] ?? low)), 0)
  return { log, from, ends, expired }
}

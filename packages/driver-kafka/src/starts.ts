import type { Start } from '@spanwire/driver'
import { channelError } from './errors.js'
import type { KafkaPoint } from './port/port.js'
import { type Mark, parsePosition } from './position.js'
import type { Wire } from './wire.js'

/** Where a reader begins, and what there was then. By number of the partition. */
export interface Begin {
  readonly from: readonly number[]
  /** Behind what was stored when it attached. */
  readonly ends: readonly number[]
  /** What lay before and is gone. */
  readonly expired: number
}

/** Looks up the offsets of that start. Rejects with `conflict` for a position of another log. */
export async function beginOf(
  wire: Wire,
  topic: string,
  start: Start | undefined,
  signal: AbortSignal,
): Promise<Begin> {
  const look = async (at: KafkaPoint): Promise<readonly number[]> => {
    const call = { what: `Looking up offsets of ${topic}` }
    return listOf(await wire.ask(call, signal, (client) => client.offsets(topic, at, signal)))
  }
  switch (start?.at) {
    case undefined:
    case 'now': {
      const ends = await look('end')
      return { from: ends, ends, expired: 0 }
    }
    case 'beginning':
    case 'latest': {
      const [from, ends] = await Promise.all([look('beginning'), look('end')])
      return { from, ends, expired: 0 }
    }
    case 'time': {
      const [from, ends] = await Promise.all([look({ timeMs: start.timeMs }), look('end')])
      return { from, ends, expired: 0 }
    }
    case 'position': {
      const [lows, ends] = await Promise.all([look('beginning'), look('end')])
      return resumed(wire, { topic, position: start.position, lows, ends }, signal)
    }
    default:
      return start satisfies never
  }
}

interface Resume {
  readonly topic: string
  readonly position: string
  readonly lows: readonly number[]
  readonly ends: readonly number[]
}

async function resumed(wire: Wire, { topic, position, lows, ends }: Resume, signal: AbortSignal): Promise<Begin> {
  const { offsets, last } = parsePosition(position, wire.client.clusterId)
  const beyond = offsets.some((offset, partition) => (offset ?? 0) > (ends[partition] ?? 0))
  if (beyond || (last && last.offset >= (lows[last.partition] ?? 0) && !(await isThere(wire, topic, last, signal)))) {
    const text = `The position ${position} is not of the log that ${topic} is now, which ends at ${ends.join(',')}.`
    throw channelError('conflict', text, { retryable: false })
  }
  let expired = 0
  const from = ends.map((_, partition) => {
    // A partition that the position does not name was not there then: all of it is new.
    const low = lows[partition] ?? 0
    const wanted = offsets[partition] ?? low
    expired += Math.max(0, low - wanted)
    return Math.max(low, wanted)
  })
  return { from, ends, expired }
}

/** Is the record still the one that the position was made behind? A topic that was made anew has other stamps (R23). */
async function isThere(wire: Wire, topic: string, mark: Mark, signal: AbortSignal): Promise<boolean> {
  const { partition, offset, timeMs } = mark
  const reader = wire.client.read([{ topic, partition, offset }], { maxBytes: 1 })
  const onAbort = (): void => reader.close()
  signal.addEventListener('abort', onAbort)
  try {
    const found = await wire.ask({ what: `Looking for a position in ${topic}` }, signal, async () => {
      for (;;) {
        const [fetched] = await reader.next()
        const [first] = fetched?.records ?? []
        // Compaction may have taken it: nothing speaks against it then.
        if (fetched) return first?.offset === offset ? first.timeMs : timeMs
      }
    })
    return found === timeMs
  } finally {
    signal.removeEventListener('abort', onAbort)
    reader.close()
  }
}

function listOf(offsets: ReadonlyMap<number, number>): readonly number[] {
  return Array.from({ length: offsets.size }, (_, partition) => offsets.get(partition) ?? 0)
}

import { MessagingError } from '@spanwire/driver'
import type { ArrivalSnapshot } from '../arrival/arrival.js'
import type { Checkpoint, SubscribeOptions } from './api.js'
import type { Ordering } from './ordering.js'
import type { From } from './reading-options.js'
import type { Taken } from './taken.js'

/** Version 1: positions by site, the windows of all sources, and when it was written (Unix ms). */
interface Written {
  readonly v: 1
  readonly positions: Readonly<Record<string, string>>
  readonly timeMs: number
  readonly windows: ArrivalSnapshot
}

/** What was taken but not handled yet is left out of the windows: after a restart it comes again and is new (R37). */
export function writeCheckpoint(
  handled: Iterable<readonly [site: string, taken: Taken]>,
  { arrival }: Ordering,
  startWallMs: number,
  waiting: Iterable<{ readonly taken: Taken }>,
): Checkpoint {
  const positions: Record<string, string> = {}
  let timeMs = startWallMs
  for (const [site, taken] of handled) {
    const position = taken.delivery.position()
    if (position !== undefined) positions[site] = position
    timeMs = Math.max(timeMs, taken.delivery.timeMs ?? 0)
  }
  const unhandled = [...waiting].map((one) => one.taken)
  const written: Written = { v: 1, positions, timeMs, windows: arrival.snapshot(unhandled) }
  return { checkpoint: JSON.stringify(written) }
}

/** Where a subscription begins. */
export function fromOf({ from = 'now' }: SubscribeOptions): From {
  if (typeof from === 'string') return { at: from }
  if (typeof from === 'number') return { at: 'time', timeMs: from }
  if (from instanceof Date) return { at: 'time', timeMs: from.getTime() }
  return parseCheckpoint(from)
}

function parseCheckpoint(from: Checkpoint): From {
  try {
    const written = JSON.parse(from.checkpoint) as Partial<Written>
    const { positions, timeMs, v, windows } = written
    if (v === 1 && positions && windows && Number.isFinite(timeMs))
      return { at: 'checkpoint', positions, timeMs: Number(timeMs), windows }
  } catch (cause) {
    throw new MessagingError('invalid', 'from: no text that checkpoint() wrote', { cause })
  }
  throw new MessagingError('invalid', 'from: the checkpoint is of another version')
}

import type { Line } from './processes.js'

/** What a producer's promises and a consumer's records come to, as multisets of ids. */
export interface Sum {
  /** Acknowledged and never given. */
  readonly lost: readonly string[]
  /** Given more often than once. */
  readonly doubled: readonly string[]
  /** Given although it was never sent, or was reported failed. */
  readonly unexpected: readonly string[]
  /** Given after a later one of its publisher and key, and not flagged late. */
  readonly reordered: readonly string[]
}

export function add(produced: readonly Line[], consumed: readonly Line[]): Sum {
  const acked = ids(produced, ({ name }) => name === 'producer_send_success')
  const unknown = ids(produced, ({ name, outcome }) => name === 'producer_send_error' && outcome === 'unknown')
  const times = new Map<string, number>()
  const highest = new Map<string, number>()
  const reordered: string[] = []
  for (const { id, key, late, n, name, p } of consumed) {
    if (name !== 'record') continue
    times.set(String(id), (times.get(String(id)) ?? 0) + 1)
    const lane = `${p} ${key}`
    const before = highest.get(lane) ?? 0
    if (Number(n) < before && late !== true) reordered.push(String(id))
    highest.set(lane, Math.max(before, Number(n)))
  }
  return {
    lost: [...acked].filter((id) => !times.has(id)),
    doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    unexpected: [...times.keys()].filter((id) => !acked.has(id) && !unknown.has(id)),
    reordered,
  }
}

export const CLEAN: Sum = { lost: [], doubled: [], unexpected: [], reordered: [] }

function ids(lines: readonly Line[], isOne: (line: Line) => boolean): Set<string> {
  return new Set(lines.filter(isOne).map(({ id }) => String(id)))
}

import type { Selection } from './log.js'
import type { Opened } from './opened.js'
import { pathOf } from './record.js'
import type { Begin } from './starts.js'

const MAX_FETCH = 1 << 20

/**
 * Reads what is stored once and remembers where each path has its newest record: at most one place a path, no bodies. The
 * selection passes those, and what comes behind.
 */
export async function newestOf(
  { wire, spec }: Opened,
  { from, ends }: Begin,
  filter: ((path: string) => boolean) | undefined,
  signal: AbortSignal,
): Promise<Selection> {
  const newest = new Map<string, number>()
  const placeOf = (partition: number, offset: number): number => offset * ends.length + partition
  const behind = from.map((offset, partition) => offset < (ends[partition] ?? 0))
  const places = from.flatMap((offset, partition) =>
    behind[partition] ? [{ topic: spec.name, partition, offset }] : [],
  )
  if (places.length > 0) {
    const what = `Looking for the newest of each path in ${spec.name}`
    const reader = wire.client.read(places, { maxBytes: MAX_FETCH })
    const onAbort = (): void => reader.close()
    signal.addEventListener('abort', onAbort)
    try {
      await wire.ask({ what }, signal, async () => {
        while (behind.includes(true)) {
          for (const { partition, records, next } of await reader.next()) {
            for (const record of records) {
              if (record.offset >= (ends[partition] ?? 0)) break
              const path = pathOf(spec, record)
              if (filter?.(path) !== false) newest.set(path, placeOf(partition, record.offset))
            }
            behind[partition] = next < (ends[partition] ?? 0)
          }
        }
      })
    } finally {
      signal.removeEventListener('abort', onAbort)
      reader.close()
    }
  }
  return (path, partition, offset) =>
    offset >= (ends[partition] ?? 0) || newest.get(path) === placeOf(partition, offset)
}

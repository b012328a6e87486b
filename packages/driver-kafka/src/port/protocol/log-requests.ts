import type { Aborted } from './batches.js'
import { type Reader, Writer } from './bytes.js'
import type { Request } from './requests.js'

export interface EncodedBatch {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

export interface Stored {
  readonly topic: string
  readonly partition: number
  readonly code: number
  readonly baseOffset: number
}

const ALL_REPLICAS = -1

/** `timeoutMs`: how long the leader waits for the replicas. */
export function produce(batches: readonly EncodedBatch[], timeoutMs: number): Request<readonly Stored[]> {
  const size = batches.reduce((sum, { topic, bytes }) => sum + 16 + topic.length + bytes.length, 64)
  const body = new Writer(size).textOrNull(undefined).int16(ALL_REPLICAS).int32(timeoutMs)
  body.list([...byTopic(batches)], ([topic, ours]) =>
    body.text(topic).list(ours, ({ partition, bytes }) => body.int32(partition).bytes(bytes)),
  )
  return { api: 0, version: 7, body: body.done(), read: readStored }
}

function readStored(reader: Reader): readonly Stored[] {
  const answers = reader.list((one) => {
    const topic = one.text()
    return one.list((of) => {
      const stored = { topic, partition: of.int32(), code: of.int16(), baseOffset: of.int64() }
      of.int64()
      of.int64()
      return stored
    })
  })
  return answers.flat()
}

export interface FetchFrom {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface FetchLimits {
  readonly waitMs: number
  readonly maxBytes: number
}

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly code: number
  /** The end of what is committed. */
  readonly end: number
  readonly aborted: readonly Aborted[]
  readonly bytes: Buffer
}

/** Only what is committed. Partitions have a fair share each, and a batch that is larger than all of it comes alone. */
export function fetch(
  from: readonly FetchFrom[],
  { waitMs, maxBytes }: FetchLimits,
): Request<{ readonly code: number; readonly partitions: readonly FetchedPartition[] }> {
  const each = Math.max(64 * 1024, Math.floor(maxBytes / Math.max(1, from.length)))
  const body = new Writer().int32(-1).int32(waitMs).int32(1).int32(maxBytes).int8(1).int32(0).int32(-1)
  body.list([...byTopic(from)], ([topic, ours]) =>
    body
      .text(topic)
      .list(ours, ({ partition, offset }) => body.int32(partition).int32(-1).int64(offset).int64(-1).int32(each)),
  )
  body.int32(0)
  return { api: 1, version: 10, body: body.done(), read: readFetched }
}

function readFetched(reader: Reader): { readonly code: number; readonly partitions: readonly FetchedPartition[] } {
  reader.int32()
  const code = reader.int16()
  reader.int32()
  const partitions = reader.list((one) => {
    const topic = one.text()
    return one.list((of): FetchedPartition => {
      const partition = of.int32()
      const failed = of.int16()
      of.int64()
      const end = of.int64()
      of.int64()
      // Brokers write none as a list of -1.
      const aborted = of.list((tx) => ({ producer: tx.int64(), from: tx.int64() }))
      return { topic, partition, code: failed, end, aborted, bytes: of.bytesOrNull() ?? Buffer.alloc(0) }
    })
  })
  return { code, partitions: partitions.flat() }
}

export interface OffsetAt {
  readonly partition: number
  readonly code: number
  /** -1: no record is that young. */
  readonly offset: number
}

export const END = -1
export const BEGINNING = -2

/** `at`: a time in ms, {@link END} or {@link BEGINNING}. */
export function listOffsets(topic: string, partitions: readonly number[], at: number): Request<readonly OffsetAt[]> {
  const body = new Writer().int32(-1).int8(1)
  body.list([topic], () => body.text(topic).list(partitions, (partition) => body.int32(partition).int64(at)))
  return {
    api: 2,
    version: 2,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const answers = reader.list((one) => {
        one.text()
        return one.list((of) => {
          const partition = of.int32()
          const code = of.int16()
          of.int64()
          return { partition, code, offset: of.int64() }
        })
      })
      return answers.flat()
    },
  }
}

export function byTopic<T extends { readonly topic: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const list = topics.get(item.topic)
    if (list === undefined) topics.set(item.topic, [item])
    else list.push(item)
  }
  return topics
}

import type { KafkaError } from './error.js'
import type { KafkaHeader } from './producing.js'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface ReadFrom extends TopicPartition {
  /** The first offset wanted; none below it is given. */
  readonly offset: number
}

export interface Fetching {
  /** About how much one fetch of one broker brings; a record that is larger comes all the same. */
  readonly maxBytes: number
}

/**
 * Partitions that are read, by one fetch at a time to each broker that leads some of them. What it holds is bounded by that: one
 * fetch of each broker, not pulled. A broker that hangs or leads no more is left by itself, without an error and a gap.
 */
export interface KafkaReader {
  /**
   * What came next; one call at a time. An empty list: nothing new, and every broker that leads one of ours has answered since the
   * last call. So it resolves about each `fetchWaitMs`, and does not while a leader is away. Rejects once, and from then on,
   * when it cannot go on: topic gone, permission gone, closed by us (`CLOSED`), the client closed.
   */
  next(): Promise<readonly Fetched[]>
  /** None of these is fetched, and nothing of them given from the next `next()` on, until resumed. Others go on. */
  pause(partitions: readonly TopicPartition[]): void
  /** Goes on where it was paused. */
  resume(partitions: readonly TopicPartition[]): void
  /** The next record of this partition is the one at `offset` or the first one after it. */
  seek(to: ReadFrom): void
  /** Ends it; a pending `next()` rejects with `CLOSED`. Again: does nothing. */
  close(): void
}

/** From one partition. */
export interface Fetched extends TopicPartition {
  readonly records: readonly KafkaRecord[]
  /** Where the next fetch begins. Beyond the last record + 1 where records were compacted away, aborted or not readable. */
  readonly next: number
  /** The end of what is readable there now: at `next` there is nothing more. */
  readonly end: number
  /** What is missing before these records. */
  readonly missing?: Missing
}

export type Missing =
  /** The offset wanted is not in the log, because what is that old was deleted (`next` is above it) or the log is another one by now (below). */
  | { readonly why: 'out-of-range'; readonly wanted: number }
  /** A batch that cannot be read: a codec that is not here, or damage. */
  | ({ readonly why: 'unreadable'; readonly wanted: number } & Unreadable)

/** What is stored from the offset wanted up to `until`, which is behind it. */
export interface Unreadable {
  readonly until: number
  readonly timeMs: number
  /** The whole batch as the log has it. */
  readonly bytes: Uint8Array
  readonly error: KafkaError
}

/** A record as it is in the log. Bytes may be views into what was fetched: who keeps them for long copies. */
export interface KafkaRecord {
  readonly offset: number
  readonly timeMs: number
  readonly key: Uint8Array | undefined
  /** `undefined`: a tombstone. */
  readonly value: Uint8Array | undefined
  /** The first of this name. */
  header(name: string): Uint8Array | undefined
  /** All, in order. Decoded when asked. */
  headers(): readonly KafkaHeader[]
}

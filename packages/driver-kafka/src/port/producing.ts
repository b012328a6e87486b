import type { KafkaError } from './error.js'

/** Records for one partition, in their order, written whole or not at all. */
export interface ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly NewRecord[]
  /** Default: none. */
  readonly compression?: 'none' | 'gzip'
}

export interface NewRecord {
  readonly key: Uint8Array | undefined
  /** `undefined`: a tombstone, which deletes what a compacted topic holds of the key. */
  readonly value: Uint8Array | undefined
  readonly headers?: readonly KafkaHeader[]
  /** Default: now. */
  readonly timeMs?: number
}

/** Name and value. A name may come more than once. */
export type KafkaHeader = readonly [name: string, value: Uint8Array]

export type Produced =
  /** All of it is in the log, the first record at `baseOffset`, the others right behind it. */
  | { readonly at: 'stored'; readonly baseOffset: number }
  /** The broker said no: it is in no log and will be in none. */
  | { readonly at: 'refused'; readonly error: KafkaError }
  /** Nothing of it was handed to a socket. */
  | { readonly at: 'unsent'; readonly error: KafkaError }
  /** It may be in the log, or may yet get there. */
  | { readonly at: 'unknown'; readonly error: KafkaError }

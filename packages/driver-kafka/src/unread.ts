import type { KafkaHeader } from './port/producing.js'
import type { KafkaRecord, TopicPartition, Unreadable } from './port/reading.js'
import { header } from './record.js'

/** Why nobody here can read a delivery, as clients look for it: its body is as the engine has it. */
const UNREADABLE = 'sw-unread'
/** Where it is in the log. */
const STORED = 'sw-stored'

/** A batch that cannot be unpacked, in the place of its records: nobody knows how many they are and of which paths. */
export class UnreadBatch implements KafkaRecord {
  readonly offset: number
  /** The offset behind it. */
  readonly until: number
  readonly timeMs: number
  readonly key: undefined
  readonly value: Uint8Array
  readonly #headers: readonly KafkaHeader[]

  constructor({ topic, partition }: TopicPartition, wanted: number, unread: Unreadable) {
    const { until, timeMs, bytes, error } = unread
    const last = until - 1
    this.offset = wanted
    this.until = until
    this.timeMs = timeMs
    this.value = bytes
    const where = wanted === last ? `offset ${wanted}` : `offsets ${wanted} to ${last}`
    const text = `Partition ${partition} of ${topic}, ${where}, cannot be read: ${error.message}`
    this.#headers = [header(UNREADABLE, text), header(STORED, `${topic}/${partition}/${wanted}-${last}`)]
  }

  header(name: string): Uint8Array | undefined {
    return this.#headers.find((one) => one[0] === name)?.[1]
  }

  headers(): readonly KafkaHeader[] {
    return this.#headers
  }
}

/** The offset behind a record. */
export function behind(record: KafkaRecord): number {
  return record instanceof UnreadBatch ? record.until : record.offset + 1
}

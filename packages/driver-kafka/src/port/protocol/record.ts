import type { KafkaHeader } from '../producing.js'
import type { KafkaRecord } from '../reading.js'
import { Reader } from './bytes.js'

/** One record in the bytes that were fetched. */
export class StoredRecord implements KafkaRecord {
  readonly offset: number
  readonly timeMs: number
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array | undefined
  readonly #bytes: Buffer
  /** Where its headers begin. */
  readonly #from: number
  #headers: readonly KafkaHeader[] | undefined

  constructor(reader: Reader, base: { readonly offset: number; readonly timeMs: number; readonly stamped: boolean }) {
    const end = reader.varint() + reader.at
    reader.int8()
    const delta = reader.varlong()
    this.timeMs = base.stamped ? base.timeMs : base.timeMs + delta
    this.offset = base.offset + reader.varint()
    this.key = bytes(reader)
    this.value = bytes(reader)
    this.#bytes = reader.bytes
    this.#from = reader.at
    reader.at = end
  }

  header(name: string): Uint8Array | undefined {
    return this.headers().find((one) => one[0] === name)?.[1]
  }

  headers(): readonly KafkaHeader[] {
    this.#headers ??= this.#decode()
    return this.#headers
  }

  #decode(): readonly KafkaHeader[] {
    const reader = new Reader(this.#bytes, this.#from)
    const headers: KafkaHeader[] = []
    for (let count = reader.varint(); count > 0; count--) {
      const name = reader.chars(Math.max(0, reader.varint()))
      headers.push([name, bytes(reader) ?? nothing])
    }
    return headers
  }
}

const nothing = Buffer.alloc(0)

function bytes(reader: Reader): Buffer | undefined {
  const length = reader.varint()
  return length < 0 ? undefined : reader.raw(length)
}

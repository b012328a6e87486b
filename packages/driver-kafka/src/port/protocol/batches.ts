import { KafkaError } from '../error.js'
import type { Missing, Unreadable } from '../reading.js'
import { BATCH_HEAD } from './batch.js'
import { Reader } from './bytes.js'
import type { Codecs } from './codecs.js'
import { StoredRecord } from './record.js'

/** Transactions that were given up: of this producer, from this offset on. */
export interface Aborted {
  readonly producer: number
  readonly from: number
}

/** Records behind one another, and what is missing before them. */
export interface Piece {
  readonly records: readonly StoredRecord[]
  readonly next: number
  readonly missing?: Missing
}

export interface Decoding {
  /** Of the batches that hold it, only what begins here is wanted. */
  readonly from: number
  readonly aborted: readonly Aborted[]
  readonly codecs: Codecs
}

const CODEC = 0x07
const STAMPED = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/** Where the magic byte of a batch is, of the newest kind and of the ones before. */
const MAGIC = 16
/** Where the stamp of its first record is. */
const FIRST_MS = 27

/** What a broker gave of one partition. The last batch may be cut off: it comes again. */
export function decodeBatches(bytes: Buffer, { from, aborted, codecs }: Decoding): readonly Piece[] {
  const pieces: Piece[] = []
  const transactions = new Transactions(aborted)
  let records: StoredRecord[] = []
  let next = from
  let missing: Missing | undefined
  const close = (): void => {
    if (records.length > 0 || missing !== undefined) pieces.push({ records, next, ...(missing && { missing }) })
    records = []
    missing = undefined
  }
  for (const batch of batchesIn(bytes)) {
    if (batch.last < from) continue
    const { length: whole } = records
    try {
      for (const record of read(batch, transactions, codecs)) if (record.offset >= from) records.push(record)
      next = batch.last + 1
    } catch (cause) {
      // All of it or nothing: its bytes are given as a whole.
      records.length = whole
      close()
      missing = { why: 'unreadable', wanted: Math.max(batch.first, from), ...unreadable(batch, cause) }
      next = batch.last + 1
    }
  }
  close()
  // Records that are not for us still bring us further.
  if (pieces.length === 0 && next > from) pieces.push({ records: [], next })
  return pieces.map((piece, i) => (i === pieces.length - 1 ? { ...piece, next } : piece))
}

interface BatchBytes {
  readonly first: number
  readonly last: number
  readonly bytes: Buffer
  readonly reader: Reader
}

function* batchesIn(bytes: Buffer): Generator<BatchBytes> {
  for (let at = 0; at + BATCH_HEAD <= bytes.length; ) {
    const head = new Reader(bytes, at)
    const first = head.int64()
    const end = head.int32() + head.at
    if (end > bytes.length) return
    const old = bytes[at + MAGIC] !== 2
    head.at = at + 23
    yield {
      first,
      last: old ? first : first + head.int32(),
      bytes: bytes.subarray(at, end),
      reader: new Reader(bytes, at, end),
    }
    at = end
  }
}

function* read({ first, reader }: BatchBytes, transactions: Transactions, codecs: Codecs): Generator<StoredRecord> {
  const start = reader.at
  if (reader.bytes[start + MAGIC] !== 2) throw new Error('it is of a kind that no broker writes since 2017')
  reader.at = start + 21
  const attributes = reader.int16()
  reader.at += 4
  const firstMs = reader.int64()
  const lastMs = reader.int64()
  const producer = reader.int64()
  reader.at = start + BATCH_HEAD - 4
  const count = reader.int32()
  if (attributes & CONTROL) return transactions.end(producer, reader)
  if (attributes & TRANSACTIONAL && transactions.isAborted(producer, first)) return
  const codec = attributes & CODEC
  const records = codec === 0 ? reader : new Reader(codecs.decompress(codec, reader.raw(reader.left)))
  const stamped = (attributes & STAMPED) !== 0
  const base = { offset: first, timeMs: stamped ? lastMs : firstMs, stamped }
  for (let i = 0; i < count; i++) yield new StoredRecord(records, base)
}

/** Which producers' records are of a transaction that was given up, while the log is walked. */
class Transactions {
  readonly #coming: Aborted[]
  readonly #open: Set<number> = new Set()

  constructor(aborted: readonly Aborted[]) {
    this.#coming = [...aborted].sort((a, b) => a.from - b.from)
  }

  isAborted(producer: number, offset: number): boolean {
    for (let first = this.#coming[0]; first !== undefined && first.from <= offset; first = this.#coming[0]) {
      this.#open.add(first.producer)
      this.#coming.shift()
    }
    return this.#open.has(producer)
  }

  /** A marker behind the last record of a transaction. */
  end(producer: number, reader: Reader): void {
    reader.varint()
    reader.int8()
    reader.varlong()
    reader.varint()
    reader.varint()
    reader.int16()
    const isAbort = reader.int16() === 0
    if (isAbort) this.#open.delete(producer)
  }
}

function unreadable({ bytes, last }: BatchBytes, cause: unknown): Unreadable {
  const timeMs = bytes[MAGIC] === 2 ? Number(bytes.readBigInt64BE(FIRST_MS)) : 0
  return { until: last + 1, timeMs, bytes, error: unreadableBy(cause) }
}

function unreadableBy(cause: unknown): KafkaError {
  if (cause instanceof KafkaError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new KafkaError('UNREADABLE', `A batch of records cannot be read: ${why}.`, { cause })
}

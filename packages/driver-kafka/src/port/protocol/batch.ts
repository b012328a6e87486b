import { gzipSync } from 'node:zlib'
import type { NewRecord, ProduceBatch } from '../producing.js'
import { varintSize, Writer } from './bytes.js'
import { crc32c } from './crc32c.js'

/** From its offset to the number of its records. */
export const BATCH_HEAD = 61

/** Where the sum begins: at the attributes. */
const SUMMED = 21

/** One batch of records, as brokers keep it. */
export function encodeBatch({ records, compression = 'none' }: ProduceBatch): Buffer {
  const now = Date.now()
  const first = records[0]?.timeMs ?? now
  const body = new Writer(1024 + records.reduce((sum, one) => sum + 64 + (one.value?.length ?? 0), 0))
  let newest = first
  for (const [i, record] of records.entries()) {
    const timeMs = record.timeMs ?? now
    if (timeMs > newest) newest = timeMs
    writeRecord(body, record, timeMs - first, i)
  }
  const packed = compression === 'gzip' ? gzipSync(body.done()) : body.done()
  const batch = new Writer(BATCH_HEAD + packed.length)
    .int64(0)
    .int32(BATCH_HEAD - 12 + packed.length)
    .int32(-1)
    .int8(2)
    .uint32(0)
    .int16(compression === 'gzip' ? 1 : 0)
    .int32(records.length - 1)
    .int64(first)
    .int64(newest)
    // Nobody's: what is repeated is recognised above.
    .int64(-1)
    .int16(-1)
    .int32(-1)
    .int32(records.length)
    .raw(packed)
    .done()
  batch.writeUInt32BE(crc32c(batch, SUMMED, batch.length), SUMMED - 4)
  return batch
}

function writeRecord(
  to: Writer,
  { key, value, headers = [] }: NewRecord,
  timeDelta: number,
  offsetDelta: number,
): void {
  let size =
    1 + varintSize(timeDelta) + varintSize(offsetDelta) + sizeOf(key) + sizeOf(value) + varintSize(headers.length)
  for (const [name, text] of headers) {
    const length = Buffer.byteLength(name)
    size += varintSize(length) + length + sizeOf(text)
  }
  to.varint(size).int8(0).varint(timeDelta).varint(offsetDelta)
  write(to, key)
  write(to, value)
  to.varint(headers.length)
  for (const [name, text] of headers) {
    write(to, Buffer.from(name))
    write(to, text)
  }
}

function sizeOf(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 1 : varintSize(bytes.length) + bytes.length
}

function write(to: Writer, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) to.varint(-1)
  else to.varint(bytes.length).raw(bytes)
}

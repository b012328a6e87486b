import * as zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { batches, transactions } from '../../../vectors/batches.json'
import { encodeBatch } from './batch.js'
import { decodeBatches, type Piece } from './batches.js'
import { Codecs } from './codecs.js'

const codecs = new Codecs({})

function decode(
  bytes: Buffer,
  from = 0,
  aborted: readonly { producer: number; from: number }[] = [],
): readonly Piece[] {
  return decodeBatches(bytes, { from, aborted, codecs })
}

function read(pieces: readonly Piece[]): readonly string[] {
  return pieces.flatMap(({ records }) => records).map(({ value }) => Buffer.from(value ?? '').toString())
}

/** As the program that made the vectors writes them. */
function textOf(i: number, size: number): string {
  let value = `value ${i} `
  while (value.length < size) value += 'abcdefghij'.charAt((value.length * 7 + i) % 10)
  return value
}

const hasZstd = 'zstdDecompressSync' in zlib
const readable = batches.filter(({ codec }) => codec !== 'zstd' || hasZstd)

describe('batches that Java wrote', () => {
  it.each(readable)('$codec, $count records of $size bytes: every one as it was', ({ count, size, batch }) => {
    const pieces = decode(Buffer.from(batch, 'base64'))
    expect(pieces).toHaveLength(1)
    expect(pieces[0]?.next).toBe(100 + count)
    const records = pieces[0]?.records ?? []
    expect(records).toHaveLength(count)
    for (const [i, { offset, timeMs, key, value, ...record }] of records.entries()) {
      expect([offset, timeMs, Buffer.from(key ?? '').toString()]).toEqual([100 + i, 1_700_000_000_000 + i, `key${i}`])
      expect(value === undefined ? undefined : Buffer.from(value).toString()).toBe(
        i === 1 ? undefined : textOf(i, size),
      )
      expect(Object.keys(record)).toEqual([])
    }
    expect(records[2]?.headers().map(([name, one]) => [name, Buffer.from(one).toString()])).toEqual([['h', '2']])
  })

  it('are given from the offset that was asked for, and what is cut off is left for the next time', () => {
    const [one] = batches
    const bytes = Buffer.from(one?.batch ?? '', 'base64')
    expect(decode(bytes, 102).flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual([102])
    expect(decode(bytes.subarray(0, -1))).toEqual([])
    expect(decode(bytes, 103)).toEqual([])
  })

  it('of transactions that were given up are left out, those that were not are in, and markers are nothing', () => {
    const bytes = Buffer.from(transactions, 'base64')
    const pieces = decode(bytes, 0, [{ producer: 7, from: 0 }])
    expect(read(pieces)).toEqual(['committed', 'again'])
    expect(pieces.at(-1)?.next).toBe(6)
  })
})

describe('what cannot be read', () => {
  const good = encodeBatch({ topic: 't', partition: 0, records: [{ key: undefined, value: Buffer.from('good') }] })
  const moved = (offset: number, bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes)
    copy.writeBigInt64BE(BigInt(offset))
    return copy
  }

  it.skipIf(hasZstd)('names what reads zstd, and goes on behind it', () => {
    const { batch = '', count = 0 } = batches.find(({ codec }) => codec === 'zstd') ?? {}
    const pieces = decode(Buffer.concat([moved(99, good), Buffer.from(batch, 'base64'), moved(100 + count, good)]), 99)
    expect(pieces).toHaveLength(2)
    expect(pieces[0]).toMatchObject({ next: 100, records: [{ offset: 99 }] })
    expect(pieces[1]).toMatchObject({
      next: 101 + count,
      missing: {
        why: 'unreadable',
        wanted: 100,
        error: { code: 'UNREADABLE', message: expect.stringContaining('fzstd') },
      },
    })
    expect(read(pieces)).toEqual(['good', 'good'])
  })

  it('says so of each damaged codec and of another that nobody knows, and loses nothing around it', () => {
    for (const codec of [1, 2, 3, 6]) {
      const damaged = moved(1, good)
      damaged.writeInt16BE(codec, 21)
      const pieces = decode(Buffer.concat([moved(0, good), damaged, moved(2, good)]))
      expect(read(pieces)).toEqual(['good', 'good'])
      expect(pieces[1]?.missing).toMatchObject({ why: 'unreadable', wanted: 1, error: { code: 'UNREADABLE' } })
    }
  })

  it('is read by a decoder of the user, if there is one', () => {
    const zipped = encodeBatch({
      topic: 't',
      partition: 0,
      records: [{ key: undefined, value: Buffer.from('good') }],
      compression: 'gzip',
    })
    zipped.writeInt16BE(4, 21)
    const own = new Codecs({ zstd: (packed) => zlib.gunzipSync(packed) })
    expect(read(decodeBatches(zipped, { from: 0, aborted: [], codecs: own }))).toEqual(['good'])
  })
})

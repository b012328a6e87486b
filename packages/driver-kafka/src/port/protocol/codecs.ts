import * as zlib from 'node:zlib'
import { KafkaError } from '../error.js'
import { lz4 } from './lz4.js'
import { snappy } from './snappy.js'

/** No batch is larger unpacked; brokers take 1 MiB packed by default. */
const MAX_UNPACKED = 256 * 1024 * 1024

export type Decompress = (packed: Uint8Array) => Uint8Array

/** Decoders of the user's, for what is not here. */
export interface CodecOptions {
  /** Records compressed with zstd: of Node itself from 22.15 on; before that, for instance `decompress` of the package fzstd. */
  readonly zstd?: Decompress
}

export class Codecs {
  readonly #zstd: Decompress | undefined

  constructor({ zstd }: CodecOptions) {
    this.#zstd = zstd ?? zstdOfNode()
  }

  /** By Kafka's number of the codec. What it throws says why it cannot be read. */
  decompress(codec: number, packed: Buffer): Buffer {
    switch (codec) {
      case 1:
        return zlib.gunzipSync(packed, { maxOutputLength: MAX_UNPACKED })
      case 2:
        return snappy(packed, MAX_UNPACKED)
      case 3:
        return lz4(packed, MAX_UNPACKED)
      case 4:
        return this.#unzstd(packed)
      default:
        throw new KafkaError('UNREADABLE', `Records are compressed with codec ${codec}, which is none that we know.`)
    }
  }

  #unzstd(packed: Buffer): Buffer {
    if (this.#zstd !== undefined) return Buffer.from(this.#zstd(packed))
    throw new KafkaError(
      'UNREADABLE',
      'Records are compressed with zstd, which Node reads from 22.15 on: use that, or install the package fzstd and give its decompress in the port: kafkajs({ zstd: decompress }).',
    )
  }
}

function zstdOfNode(): Decompress | undefined {
  // Not in the declarations of the oldest Node that we run on.
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (packed: Uint8Array, options: object) => Buffer }
  return zstdDecompressSync && ((packed) => zstdDecompressSync(packed, { maxOutputLength: MAX_UNPACKED }))
}

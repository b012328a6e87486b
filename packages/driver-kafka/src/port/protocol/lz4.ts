import { repeat } from './snappy.js'

const MAGIC = 0x184d2204
const INDEPENDENT = 0x20
const BLOCK_SUMS = 0x10
const SIZE = 0x08
const DICTIONARY = 0x01

/** Unpacks frames of LZ4; their sums are not compared. Throws a RangeError for what is damaged or larger than `max`. */
export function lz4(packed: Buffer, max: number): Buffer {
  if (packed.readUInt32LE(0) !== MAGIC) throw new RangeError('this is no frame of LZ4')
  const flags = packed.readUInt8(4)
  const largest = 2 ** (8 + 2 * ((packed.readUInt8(5) >> 4) & 7))
  let from = 7 + (flags & SIZE ? 8 : 0) + (flags & DICTIONARY ? 4 : 0)
  let out: Buffer = Buffer.alloc(Math.min(max, Math.max(largest, packed.length * 4)))
  let to = 0
  for (;;) {
    const head = packed.readUInt32LE(from)
    from += 4
    if (head === 0) return out.subarray(0, to)
    const length = head & 0x7fff_ffff
    if (from + length > packed.length) throw new RangeError('a block of LZ4 is cut off')
    if (to + largest > out.length) out = grown(out, to + largest, max)
    const block = packed.subarray(from, from + length)
    // Blocks that lean on the ones before may look back over their own beginning.
    to = head >>> 31 ? to + block.copy(out, to) : unpack(block, out, to, flags & INDEPENDENT ? to : 0)
    from += length + (flags & BLOCK_SUMS ? 4 : 0)
  }
}

function grown(out: Buffer, needed: number, max: number): Buffer {
  if (needed > max) throw new RangeError(`LZ4 unpacks to more than ${max} bytes`)
  const larger = Buffer.alloc(Math.min(max, Math.max(needed, out.length * 2)))
  out.copy(larger)
  return larger
}

/** One block, behind what is written. `floor`: how far back it may look. Gives where it ended. */
function unpack(block: Buffer, out: Buffer, start: number, floor: number): number {
  let from = 0
  let to = start
  const more = (nibble: number): number => {
    let length = nibble
    if (nibble !== 15) return length
    for (;;) {
      const byte = block.readUInt8(from++)
      length += byte
      if (byte !== 255) return length
    }
  }
  while (from < block.length) {
    const token = block.readUInt8(from++)
    const literals = more(token >> 4)
    if (from + literals > block.length || to + literals > out.length) throw new RangeError('a block of LZ4 is damaged')
    block.copy(out, to, from, from + literals)
    from += literals
    to += literals
    if (from === block.length) return to
    const back = block.readUInt16LE(from)
    from += 2
    if (to - back < floor) throw new RangeError('a block of LZ4 is damaged')
    to = repeat(out, to, more(token & 15) + 4, back)
  }
  return to
}

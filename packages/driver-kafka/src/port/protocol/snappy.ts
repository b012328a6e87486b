/** In front of what Java has packed, in blocks of which each has its length. */
const JAVA = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const JAVA_HEAD = 16

/** Unpacks snappy, raw as librdkafka writes it or in Java's blocks. Throws a RangeError for what is damaged or larger than `max`. */
export function snappy(packed: Buffer, max: number): Buffer {
  if (!packed.subarray(0, JAVA.length).equals(JAVA)) return unpack(packed, max)
  const blocks: Buffer[] = []
  for (let at = JAVA_HEAD; at < packed.length; ) {
    const length = packed.readInt32BE(at)
    at += 4
    blocks.push(unpack(packed.subarray(at, at + length), max))
    at += length
  }
  return Buffer.concat(blocks)
}

function unpack(packed: Buffer, max: number): Buffer {
  const { value: size, at: start } = sizeOf(packed)
  if (size > max) throw new RangeError(`snappy promises ${size} bytes`)
  const out = Buffer.alloc(size)
  let from = start
  let to = 0
  while (from < packed.length) {
    const tag = packed.readUInt8(from++)
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59)
      const length = extra === 0 ? (tag >> 2) + 1 : packed.readUIntLE(from, extra) + 1
      from += extra
      if (from + length > packed.length || to + length > size) throw new RangeError('snappy is damaged')
      packed.copy(out, to, from, from + length)
      from += length
      to += length
      continue
    }
    const { length, back, bytes } = copyOf(packed, from, tag)
    from += bytes
    to = repeat(out, to, length, back)
  }
  if (to !== size) throw new RangeError(`snappy promised ${size} bytes and has ${to}`)
  return out
}

function sizeOf(packed: Buffer): { readonly value: number; readonly at: number } {
  let value = 0
  for (let at = 0; at < 5; at++) {
    const byte = packed.readUInt8(at)
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { value, at: at + 1 }
  }
  throw new RangeError('snappy has no size')
}

interface Copy {
  readonly length: number
  readonly back: number
  /** That say so, behind the tag. */
  readonly bytes: number
}

function copyOf(packed: Buffer, at: number, tag: number): Copy {
  if ((tag & 3) === 1) return { length: ((tag >> 2) & 7) + 4, back: ((tag >> 5) << 8) | packed.readUInt8(at), bytes: 1 }
  const bytes = (tag & 3) === 2 ? 2 : 4
  return { length: (tag >> 2) + 1, back: packed.readUIntLE(at, bytes), bytes }
}

/** Repeats what was written so far back, which may overlap what it writes. Gives where it ended. */
export function repeat(out: Buffer, to: number, length: number, back: number): number {
  if (back === 0 || back > to || to + length > out.length) throw new RangeError('what is packed is damaged')
  for (let i = 0; i < length; i++) out[to + i] = out[to + i - back] ?? 0
  return to + length
}

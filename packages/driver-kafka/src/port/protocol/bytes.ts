/** Values of Kafka's protocol, written one behind the other. */
export class Writer {
  #bytes: Buffer
  #at = 0

  constructor(size = 256) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  /** A view of what was written. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  get length(): number {
    return this.#at
  }

  int8(value: number): this {
    const at = this.#room(1)
    this.#bytes.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#room(2)
    this.#bytes.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeInt32BE(value, at)
    return this
  }

  uint32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value, at)
    return this
  }

  /** Of a safe integer. */
  int64(value: number): this {
    const at = this.#room(8)
    this.#bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at)
    this.#bytes.writeUInt32BE(value >>> 0, at + 4)
    return this
  }

  bool(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  text(value: string): this {
    const length = Buffer.byteLength(value)
    this.int16(length)
    const at = this.#room(length)
    this.#bytes.write(value, at)
    return this
  }

  textOrNull(value: string | undefined): this {
    return value === undefined ? this.int16(-1) : this.text(value)
  }

  bytes(value: Uint8Array): this {
    return this.int32(value.length).raw(value)
  }

  raw(value: Uint8Array): this {
    const at = this.#room(value.length)
    this.#bytes.set(value, at)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  /** A signed number in as few bytes as it needs. */
  varint(value: number): this {
    if (value !== (value | 0)) return this.#varlong(BigInt(value))
    return this.unsigned(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** Below 2 ** 32. */
  unsigned(value: number): this {
    let rest = value
    let at = this.#room(5)
    while (rest > 0x7f) {
      this.#bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[at++] = rest
    this.#at = at
    return this
  }

  /** Text of the newer, compact kind. */
  compact(value: string): this {
    const bytes = Buffer.from(value)
    return this.unsigned(bytes.length + 1).raw(bytes)
  }

  #varlong(value: bigint): this {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 0x7fn) {
      this.int8(Number(BigInt.asIntN(8, (rest & 0x7fn) | 0x80n)))
      rest >>= 7n
    }
    return this.int8(Number(rest))
  }

  #room(count: number): number {
    const at = this.#at
    this.#at += count
    if (this.#at > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }
}

/** How many bytes `varint` takes. */
export function varintSize(value: number): number {
  if (value !== (value | 0)) return varlongSize(value)
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}

function varlongSize(value: number): number {
  const zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  return Math.max(1, Math.ceil(zigzag.toString(2).length / 7))
}

/** Reads them from the front. What is not there throws a RangeError. */
export class Reader {
  readonly bytes: Buffer
  at: number
  readonly #end: number

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.#end = end
  }

  get left(): number {
    return this.#end - this.at
  }

  int8(): number {
    return this.bytes.readInt8(this.#step(1))
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#step(4))
  }

  /** Offsets and times are below 2 ** 53. */
  int64(): number {
    const at = this.#step(8)
    return this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4)
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  text(): string {
    return this.textOrNull() ?? ''
  }

  textOrNull(): string | undefined {
    const length = this.int16()
    return length < 0 ? undefined : this.chars(length)
  }

  /** A view. */
  bytesOrNull(): Buffer | undefined {
    const length = this.int32()
    return length < 0 ? undefined : this.raw(length)
  }

  /** A view. */
  raw(length: number): Buffer {
    const at = this.#step(length)
    return this.bytes.subarray(at, at + length)
  }

  /** So many bytes of text. */
  chars(length: number): string {
    const at = this.#step(length)
    return this.bytes.toString('utf8', at, at + length)
  }

  list<T>(read: (reader: Reader) => T): T[] {
    return this.#several(this.int32(), read)
  }

  varint(): number {
    const zigzag = this.unsigned()
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#step(1)] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('a number of more than 32 bits')
  }

  varlong(): number {
    const start = this.at
    for (let i = 0; i < 4; i++) {
      if ((this.bytes[this.#step(1)] ?? 0) >= 0x80) continue
      this.at = start
      return this.varint()
    }
    this.at = start
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.#step(1)] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n))
    }
  }

  compactOrNull(): string | undefined {
    const length = this.unsigned()
    return length === 0 ? undefined : this.chars(length - 1)
  }

  compactList<T>(read: (reader: Reader) => T): T[] {
    return this.#several(this.unsigned() - 1, read)
  }

  /** Fields that a newer broker may have added. */
  skipTags(): void {
    for (let count = this.unsigned(); count > 0; count--) {
      this.unsigned()
      this.raw(this.unsigned())
    }
  }

  #several<T>(count: number, read: (reader: Reader) => T): T[] {
    // Nothing takes less than a byte: what promises more is not Kafka.
    if (count > this.left) throw new RangeError(`a list of ${count} in ${this.left} bytes`)
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read(this))
    return items
  }

  #step(count: number): number {
    const at = this.at
    if (count < 0 || at + count > this.#end) throw new RangeError(`${count} bytes where ${this.left} are left`)
    this.at += count
    return at
  }
}

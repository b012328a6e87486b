/** Strings up to here are read by a loop where they may be one that is known: it is less than a call. */
const SHORT = 64

/** Reads the fields of a message of protobuf, one behind the other. Throws a `RangeError` where it is cut off. */
export class Scan {
  readonly #buffer: Buffer
  #at: number
  #end: number

  constructor(buffer: Buffer) {
    this.#buffer = buffer
    this.#at = 0
    this.#end = buffer.length
  }

  /** What precedes the next field: its number and how it is written; 0: there is none in this message. */
  tag(): number {
    return this.#at < this.#end ? this.varint() : 0
  }

  /** Its low 32 bits. */
  varint(): number {
    const buffer = this.#buffer
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = buffer[this.#at++] ?? 0
      // JavaScript would shift by 32 less.
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte > 0x7f) continue
      if (this.#at > this.#end) break
      return value >>> 0
    }
    throw cutOff()
  }

  /** All its 64 bits. */
  long(): bigint {
    const buffer = this.#buffer
    let value = 0
    // So many bits a number holds exactly.
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = buffer[this.#at++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte > 0x7f) continue
      if (this.#at > this.#end) throw cutOff()
      return BigInt(value)
    }
    return BigInt.asUintN(64, BigInt(value) + (BigInt(this.varint()) << 49n))
  }

  /** `known`: what it may well be. */
  text(known = ''): string {
    const from = this.#past(this.varint())
    const length = this.#at - from
    if (length === 0) return ''
    return length === known.length && this.#reads(known, from) ? known : this.#buffer.toString('utf8', from, this.#at)
  }

  /** A view of the buffer. */
  bytes(): Buffer {
    const from = this.#past(this.varint())
    return this.#buffer.subarray(from, this.#at)
  }

  /** Goes into the message that this field is. Gives what `leave` needs. */
  enter(): number {
    const outer = this.#end
    const from = this.#past(this.varint())
    this.#end = this.#at
    this.#at = from
    return outer
  }

  leave(outer: number): void {
    this.#at = this.#end
    this.#end = outer
  }

  #past(length: number): number {
    const from = this.#at
    if (length > this.#end - from) throw cutOff()
    this.#at = from + length
    return from
  }

  #reads(known: string, from: number): boolean {
    const { length } = known
    if (length > SHORT) return false
    for (let index = 0; index < length; index++) {
      const code = known.charCodeAt(index)
      if (code > 0x7f || code !== this.#buffer[from + index]) return false
    }
    return true
  }
}

function cutOff(): RangeError {
  return new RangeError('A message is cut off.')
}

/** What a tag and a length may take in front of a value. */
const FRAME_BYTES = 6
/** A character of a string takes no more in UTF-8. */
const MAX_CHARACTER_BYTES = 3
/** Strings up to here have a length of one byte, whatever their characters are. */
const SHORT = 42

const LENGTH_DELIMITED = 2

/** Room for one field with this text. */
export function roomForText({ length }: string): number {
  return FRAME_BYTES + length * MAX_CHARACTER_BYTES
}

/** Room for one field with these bytes. */
export function roomForBytes({ length }: Uint8Array): number {
  return FRAME_BYTES + length
}

/** Writes fields of protobuf, numbered below 16, one behind the other into one buffer. Values that are a field's default are left out. */
export class Pen {
  readonly #buffer: Buffer
  #at = 0

  /** `room`: at least what will be written. */
  constructor(room: number) {
    this.#buffer = Buffer.allocUnsafe(room)
  }

  get written(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  text(field: number, value: string): void {
    const { length } = value
    if (length === 0) return
    if (length <= SHORT) this.#shortText(field, value)
    else {
      this.#tag(field)
      this.#varint(Buffer.byteLength(value))
      this.#at += this.#buffer.write(value, this.#at)
    }
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return
    this.#tag(field)
    this.#varint(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  flag(field: number, value: boolean): void {
    if (!value) return
    this.#buffer[this.#at++] = field << 3
    this.#buffer[this.#at++] = 1
  }

  /** Begins a message within the message. `room`: at least what it takes. Gives what `close` needs. */
  open(field: number, room: number): number {
    this.#tag(field)
    this.#at += varintBytes(room)
    return this.#at
  }

  /** Ends the message that began there. `room`: as it was told. */
  close(start: number, room: number): void {
    const end = this.#at
    const from = start - varintBytes(room)
    const to = from + varintBytes(end - start)
    if (to !== start) this.#buffer.copyWithin(to, start, end)
    this.#at = from
    this.#varint(end - start)
    this.#at = to + end - start
  }

  /** Names and ids are mostly ASCII, and for so few characters a loop beats a call. */
  #shortText(field: number, value: string): void {
    const buffer = this.#buffer
    const { length } = value
    const start = this.#at + 2
    buffer[this.#at] = (field << 3) | LENGTH_DELIMITED
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) {
        const count = buffer.write(value, start)
        buffer[start - 1] = count
        this.#at = start + count
        return
      }
      buffer[start + index] = code
    }
    buffer[start - 1] = length
    this.#at = start + length
  }

  #tag(field: number): void {
    this.#buffer[this.#at++] = (field << 3) | LENGTH_DELIMITED
  }

  #varint(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[this.#at++] = (rest & 0x7f) | 0x80
    this.#buffer[this.#at++] = rest
  }
}

function varintBytes(value: number): number {
  let count = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) count += 1
  return count
}

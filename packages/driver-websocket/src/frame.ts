import type { Body } from '@spanwire/driver'

/** One instruction of the protocol: its name, then its fields by position. */
export type Op = readonly [name: string, ...fields: unknown[]]

/** A body inside an op: the text itself, or where it lies behind the ops: bytes, or UTF-8 text when a third member is there. */
export type Slot = string | readonly [offset: number, length: number, text?: 1]

/** Texts beyond this many characters travel behind the ops: escaping may make a text six times as long. */
const LARGE = 16_384

const utf8 = new TextEncoder()

/** Gathers ops until they are written as one WebSocket message. */
export class Frame {
  /** A guess of what is in here, in bytes. */
  size = 0
  #ops: Op[] = []
  #parts: Uint8Array[] = []
  #offset = 0

  add(op: Op): void {
    this.size += 32
    this.#ops.push(op)
  }

  slot(body: Body): Slot {
    this.size += body.length + 64
    const text = typeof body === 'string'
    if (text && body.length <= LARGE) return body
    const bytes = text ? utf8.encode(body) : body
    const offset = this.#offset
    this.#offset += bytes.length
    this.#parts.push(bytes)
    return text ? [offset, bytes.length, 1] : [offset, bytes.length]
  }

  /** The message, and an empty frame again; `undefined` when there is nothing to say. */
  take(): string | Uint8Array<ArrayBuffer> | undefined {
    if (this.#ops.length === 0) return undefined
    const json = JSON.stringify(this.#ops)
    const parts = this.#parts
    const behind = this.#offset
    this.#ops = []
    this.#parts = []
    this.size = this.#offset = 0
    if (parts.length === 0) return json
    const head = utf8.encode(json)
    const all = new Uint8Array(4 + head.length + behind)
    new DataView(all.buffer).setUint32(0, head.length)
    all.set(head, 4)
    let at = 4 + head.length
    for (const part of parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }
}

/** The ops of a message, and the way to its bodies. Throws for what is no frame. */
export function readFrame(data: string | ArrayBuffer): { ops: readonly Op[]; body(slot: Slot): Body } {
  if (typeof data === 'string') return { ops: JSON.parse(data), body: (slot) => slot as string }
  const start = 4 + new DataView(data).getUint32(0)
  const text = new TextDecoder()
  return {
    ops: JSON.parse(text.decode(new Uint8Array(data, 4, start - 4))),
    body(slot) {
      if (typeof slot === 'string') return slot
      const bytes = new Uint8Array(data, start + slot[0], slot[1])
      return slot[2] ? text.decode(bytes) : bytes
    },
  }
}

import type { Body } from '@spanwire/driver'
import { invalid } from './check.js'

export interface Inbound {
  readonly ops: readonly unknown[]
  body(slot: unknown): Body
}

/** Ops in one frame; more is refused. */
const MAX_OPS = 4_096

/** Reads a WebSocket message. Throws `invalid` for whatever is not a frame of the protocol. */
export function readFrame(data: Buffer, binary: boolean): Inbound {
  const end = binary ? 4 + (data.length < 4 ? Infinity : data.readUInt32BE(0)) : data.length
  if (end > data.length) throw invalid('a binary frame shorter than it says')
  const ops = parse(data.toString('utf8', binary ? 4 : 0, end))
  return {
    ops,
    body(slot) {
      if (typeof slot === 'string') return slot
      if (!Array.isArray(slot)) throw invalid('a body that is neither text nor a place behind the ops')
      const [offset, length, text] = slot as readonly unknown[]
      const part = cutOut(data, binary ? end : data.length, offset, length)
      return text === 1 ? part.toString('utf8') : part
    },
  }
}

function parse(text: string): readonly unknown[] {
  let ops: unknown
  try {
    ops = JSON.parse(text)
  } catch {
    throw invalid('a frame that is not JSON')
  }
  if (!Array.isArray(ops)) throw invalid('a frame that is not an array of ops')
  if (ops.length > MAX_OPS) throw invalid(`a frame of more than ${MAX_OPS} ops`)
  return ops
}

function cutOut(data: Buffer, start: number, offset: unknown, length: unknown): Buffer {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) throw invalid('a body that lies nowhere')
  const from = start + (offset as number)
  const to = from + (length as number)
  if (from < start || to < from || to > data.length) throw invalid('a body that lies outside of its frame')
  return data.subarray(from, to)
}

/** Gathers bodies that travel behind the ops of one frame. */
export class Parts {
  readonly parts: Uint8Array[] = []
  #offset = 0

  slot(bytes: Uint8Array, text: boolean): string {
    const slot = `[${this.#offset},${bytes.length}${text ? ',1' : ''}]`
    this.#offset += bytes.length
    this.parts.push(bytes)
    return slot
  }
}

/** The payload of a frame: text when nothing lies behind the ops. */
export function payload(json: string, parts: readonly Uint8Array[]): Buffer | string {
  if (parts.length === 0) return json
  const head = Buffer.byteLength(json)
  const size = Buffer.allocUnsafe(4)
  size.writeUInt32BE(head)
  return Buffer.concat([size, Buffer.from(json), ...parts])
}

import type { Batch, Body, Delivery } from '@spanwire/driver'
import { Parts, payload } from './frame.js'
import { prepare } from './prepared.js'

/** Texts beyond this travel behind the ops. */
const LARGE = 16_384
/** A piece is cut here, so that no message of one reception holds up the others for long. */
export const PIECE_BYTES = 65_536

/** One delivery as it travels, made once for all who get it. */
export class Encoded {
  readonly path: string
  readonly position: string | undefined
  readonly bytes: number
  readonly #head: string
  readonly #body: string | { readonly bytes: Uint8Array; readonly text: boolean }
  readonly #tail: string

  constructor(delivery: Delivery, settled: boolean) {
    const { path, id, timeMs, body } = delivery
    const headers = delivery.headers()
    this.path = path
    this.position = settled ? undefined : delivery.position()
    this.#head = `[${JSON.stringify(path)},${id === undefined ? 'null' : JSON.stringify(id)},${timeMs ?? 'null'},`
    this.#body = bodyOf(body)
    this.#tail = tailOf(
      headers.length === 0 ? undefined : headers,
      this.position,
      settled ? delivery.attempt : undefined,
    )
    this.bytes = body.length + this.#head.length + this.#tail.length
  }

  json(parts: Parts): string {
    const body = this.#body
    return this.#head + (typeof body === 'string' ? body : parts.slot(body.bytes, body.text)) + this.#tail
  }
}

function bodyOf(body: Body): string | { bytes: Uint8Array; text: boolean } {
  if (typeof body !== 'string') return { bytes: body, text: false }
  return body.length > LARGE ? { bytes: Buffer.from(body), text: true } : JSON.stringify(body)
}

function tailOf(...fields: readonly unknown[]): string {
  let last = fields.length
  while (last > 0 && fields[last - 1] === undefined) last -= 1
  let tail = ''
  for (let at = 0; at < last; at++) tail += `,${JSON.stringify(fields[at] ?? null)}`
  return `${tail}]`
}

export type Lost = NonNullable<Batch['lost']>

/** Some deliveries of one reception in a frame of their own: encoded once, and framed once per reception number. */
export class Piece {
  readonly items: readonly Encoded[]
  readonly bytes: number
  readonly lost: Lost | undefined
  readonly caughtUp: boolean
  readonly #frames = new Map<number, Buffer>()
  #content: { readonly json: string; readonly parts: readonly Uint8Array[] } | undefined

  constructor(items: readonly Encoded[], lost?: Lost, caughtUp = false) {
    this.items = items
    this.lost = lost
    this.caughtUp = caughtUp
    let bytes = 0
    for (const item of items) bytes += item.bytes
    this.bytes = bytes
  }

  /** The prepared frame for a reception of that number. */
  frame(reception: number): Buffer {
    const known = this.#frames.get(reception)
    if (known) return known
    this.#content ??= this.#encode()
    const { json, parts } = this.#content
    const frame = prepare(payload(`[["msgs",${reception},${json}]]`, parts))
    this.#frames.set(reception, frame)
    return frame
  }

  #encode(): { json: string; parts: readonly Uint8Array[] } {
    const parts = new Parts()
    const tuples = this.items.map((item) => item.json(parts)).join(',')
    const more = { lost: this.lost, caughtUp: this.caughtUp || undefined }
    return { json: `[${tuples}]${this.lost || this.caughtUp ? `,${JSON.stringify(more)}` : ''}`, parts: parts.parts }
  }
}

/** A batch as pieces of bounded size. What a batch says beside its deliveries goes with the first (lost) and the last (caught up). */
export function piecesOf(batch: Batch, settled: boolean): readonly Piece[] {
  const pieces: Piece[] = []
  let items: Encoded[] = []
  let bytes = 0
  const cut = (last: boolean): void => {
    pieces.push(new Piece(items, pieces.length === 0 ? batch.lost : undefined, last && batch.caughtUp === true))
    items = []
    bytes = 0
  }
  for (const delivery of batch.deliveries) {
    const item = new Encoded(delivery, settled)
    if (bytes > 0 && bytes + item.bytes > PIECE_BYTES) cut(false)
    items.push(item)
    bytes += item.bytes
  }
  if (items.length > 0 || batch.lost || batch.caughtUp) cut(true)
  return pieces
}

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
  /** All of it; without its body, what comes before and after. */
  readonly #text: string | Behind

  constructor(delivery: Delivery, settled: boolean) {
    const { path, id, timeMs, body } = delivery
    const headers = delivery.headers()
    this.path = path
    this.position = settled ? undefined : delivery.position()
    const head = [path, id ?? null, timeMs ?? null]
    const tail = trimmed([headers.length === 0 ? null : headers, this.position, settled ? delivery.attempt : null])
    if (typeof body === 'string' && body.length <= LARGE) {
      const text = JSON.stringify([...head, body, ...tail])
      this.#text = text
      this.bytes = text.length
    } else {
      this.#text = behind(JSON.stringify(head), body, JSON.stringify(tail))
      this.bytes = body.length + this.#text.head.length + this.#text.tail.length
    }
  }

  json(parts: Parts): string {
    const text = this.#text
    if (typeof text === 'string') return text
    return text.head + parts.slot(text.bytes, text.isText) + text.tail
  }
}

/** One whose body travels behind the ops. */
interface Behind {
  readonly head: string
  readonly bytes: Uint8Array
  readonly isText: boolean
  readonly tail: string
}

function behind(head: string, body: Body, tail: string): Behind {
  const isText = typeof body === 'string'
  return {
    head: `${head.slice(0, -1)},`,
    bytes: isText ? Buffer.from(body) : body,
    isText,
    tail: tail === '[]' ? ']' : `,${tail.slice(1)}`,
  }
}

/** Fields at the end that have nothing to say are left out. */
function trimmed(fields: unknown[]): readonly unknown[] {
  while (fields.length > 0 && fields.at(-1) == null) fields.pop()
  return fields
}

export type Lost = NonNullable<Batch['lost']>

/** Some deliveries of one reception in a frame of their own: encoded once, and framed once per reception number. */
export class Piece {
  readonly items: readonly Encoded[]
  readonly bytes: number
  readonly lost: Lost | undefined
  readonly caughtUp: boolean
  readonly #frames = new Map<number, Buffer>()
  #last: { readonly reception: number; readonly frame: Buffer } | undefined
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
    if (this.#last?.reception === reception) return this.#last.frame
    const frame = this.#frames.get(reception) ?? this.#frame(reception)
    this.#last = { reception, frame }
    return frame
  }

  #frame(reception: number): Buffer {
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

/** A batch as pieces. */
export function piecesOf({ deliveries, lost, caughtUp }: Batch, settled: boolean): readonly Piece[] {
  return piecesFrom(
    deliveries.map((delivery) => new Encoded(delivery, settled)),
    { lost, caughtUp: caughtUp === true },
  )
}

/** Messages as pieces of bounded size. What is lost goes before the first, caught up with the last. */
export function piecesFrom(
  all: readonly Encoded[],
  { lost, caughtUp }: { readonly lost?: Lost | undefined; readonly caughtUp: boolean },
): readonly Piece[] {
  const pieces: Piece[] = []
  let items: Encoded[] = []
  let bytes = 0
  const cut = (last: boolean): void => {
    pieces.push(new Piece(items, pieces.length === 0 ? lost : undefined, last && caughtUp))
    items = []
    bytes = 0
  }
  for (const item of all) {
    if (bytes > 0 && bytes + item.bytes > PIECE_BYTES) cut(false)
    items.push(item)
    bytes += item.bytes
  }
  if (items.length > 0 || lost || caughtUp) cut(true)
  return pieces
}

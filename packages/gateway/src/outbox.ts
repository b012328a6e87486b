import { type Body, MessagingError } from '@spanwire/driver'
import type { WebSocket } from 'ws'
import { Parts, payload } from './frame.js'
import { prepare, writePrepared } from './prepared.js'
import type { Turn, Turns } from './turn.js'

/** Flushes that the client has not acknowledged: what a slow one reads is never older than these. */
const MAX_OUTSTANDING = 2
/** Texts beyond this travel behind the ops. */
const LARGE = 16_384
/** A flush is closed after this long, or when it is full. */
const FLUSH_MS = 100

/** An error as it travels. */
export function wireError(error: unknown): readonly unknown[] {
  if (!MessagingError.is(error))
    return ['unavailable', 'channel', 'The gateway failed at this; its onFault says more.', true]
  // What is ill is behind the gateway: the client's own link works.
  const scope = error.scope === 'link' ? 'channel' : error.scope
  const { code, message, retryable, retryAfterMs } = error
  return [code, scope, message, retryable, ...(retryAfterMs === undefined ? [] : [retryAfterMs])]
}

/** All that goes out to one client: answers first, then data while the window is open, in one write per flush. */
export class Outbox {
  /** What the owner adds at the last moment before a flush. */
  onFlush: () => void = () => undefined
  /** The window opened again: receptions may hand on what waits. */
  onOpen: () => void = () => undefined
  readonly #socket: WebSocket
  readonly #turns: Turns
  readonly #limits: { readonly flush: number; readonly buffered: number }
  readonly #onSlow: () => void
  #answers: string[] = []
  #frames: Buffer[] = []
  #data: Buffer[] = []
  #scheduled = false
  #sent = 0
  #acked = 0
  #windowBytes = 0
  #windowStart = 0

  constructor(
    socket: WebSocket,
    limits: { readonly flush: number; readonly buffered: number },
    turns: Turns,
    onSlow: () => void,
  ) {
    this.#socket = socket
    this.#limits = limits
    this.#turns = turns
    this.#onSlow = onSlow
  }

  /** Data may be handed over. What is handed over while it is closed goes out all the same: only ask first. */
  get open(): boolean {
    return this.#sent - this.#acked < MAX_OUTSTANDING && this.#windowBytes < this.#limits.flush
  }

  /** An answer, ahead of data. */
  say(op: readonly unknown[]): void {
    this.#answers.push(JSON.stringify(op))
    this.wake()
  }

  /** An answer with a body at the given field. */
  sayBody(before: readonly unknown[], body: Body, after: readonly unknown[]): void {
    if (typeof body === 'string' && body.length <= LARGE) {
      this.say([...before, body, ...after])
      return
    }
    const parts = new Parts()
    const slot = typeof body === 'string' ? parts.slot(Buffer.from(body), true) : parts.slot(body, false)
    this.#pack()
    const json = (field: unknown): string => JSON.stringify(field ?? null)
    const op = [...before.map(json), slot, ...after.map(json)].join(',')
    this.#frames.push(prepare(payload(`[[${op}]]`, parts.parts)))
    this.wake()
  }

  /** A prepared frame of deliveries. */
  data(frame: Buffer): void {
    this.#data.push(frame)
    this.#windowBytes += frame.length
    this.wake()
  }

  /** Something said in the order of data. */
  tell(op: readonly unknown[]): void {
    this.#data.push(prepare(JSON.stringify([op])))
    this.wake()
  }

  wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#turns.add(this)
  }

  acked(flush: number): void {
    if (flush > this.#sent || flush <= this.#acked) return
    const closed = !this.open
    this.#acked = flush
    if (closed && this.open) this.onOpen()
  }

  /** Everything in one write. */
  flush(turn: Turn): void {
    this.onFlush()
    this.#scheduled = false
    const closing = this.#closeWindow(turn)
    // Mostly there is one frame of data and nothing else.
    const only = closing || this.#answers.length > 0 || this.#frames.length > 0 ? undefined : this.#data.pop()
    if (only && this.#data.length === 0) writePrepared(this.#socket, only)
    else this.#writeAll(turn, only, closing)
    if (this.#socket.bufferedAmount > this.#limits.buffered) this.#onSlow()
    else if (closing && this.open) this.onOpen()
  }

  #writeAll(turn: Turn, last: Buffer | undefined, closing: Buffer | undefined): void {
    this.#pack()
    const frames = this.#frames.concat(this.#data)
    this.#frames = []
    this.#data = []
    if (last) frames.push(last)
    if (closing) frames.push(closing)
    if (frames.length > 0) writePrepared(this.#socket, turn.glue(frames))
  }

  #pack(): void {
    if (this.#answers.length === 0) return
    this.#frames.push(prepare(`[${this.#answers.join(',')}]`))
    this.#answers = []
  }

  /** A window that is full or old ends with a number for the client to acknowledge. */
  #closeWindow(turn: Turn): Buffer | undefined {
    if (this.#windowBytes === 0) return undefined
    if (this.#windowStart === 0) this.#windowStart = turn.nowMs
    if (this.#windowBytes < this.#limits.flush && turn.nowMs - this.#windowStart < FLUSH_MS) return undefined
    this.#windowBytes = 0
    this.#windowStart = 0
    this.#sent += 1
    return turn.closing(this.#sent)
  }
}

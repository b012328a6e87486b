import { setImmediate } from 'node:timers'
import type { Outbox } from './outbox.js'
import { prepare } from './prepared.js'

/** Below this, copying several frames into one is cheaper than handing them on one by one. */
const COPY_BYTES = 16_384

/** Everything that one turn of the event loop brought goes out at its end, in one write a client. */
export class Turns {
  #due: Outbox[] = []

  /** Asks for a flush at the end of this turn; an outbox asks once. */
  add(outbox: Outbox): void {
    this.#due.push(outbox)
    if (this.#due.length === 1) setImmediate(() => this.#end())
  }

  #end(): void {
    const due = this.#due
    this.#due = []
    const turn = new Turn()
    for (const outbox of due) outbox.flush(turn)
  }
}

/** What the flushes of one turn share: the time, and the bytes of those who get the same. */
export class Turn {
  readonly nowMs: number = performance.now()
  readonly #closings = new Map<number, Buffer>()
  #frames: readonly Buffer[] = []
  #glued: Buffer | readonly Buffer[] = []

  /** The frame that ends a flush of that number. */
  closing(flush: number): Buffer {
    const known = this.#closings.get(flush)
    if (known) return known
    const frame = prepare(`[["flush",${flush}]]`)
    this.#closings.set(flush, frame)
    return frame
  }

  /** Several frames as one where that is cheaper. Who gets the same frames as the one before shares the copy. */
  glue(frames: readonly Buffer[]): Buffer | readonly Buffer[] {
    if (!same(frames, this.#frames)) {
      this.#frames = frames
      this.#glued = glued(frames)
    }
    return this.#glued
  }
}

function same(one: readonly Buffer[], other: readonly Buffer[]): boolean {
  return one.length === other.length && one.every((frame, at) => frame === other[at])
}

function glued(frames: readonly Buffer[]): Buffer | readonly Buffer[] {
  const [only] = frames
  if (only && frames.length === 1) return only
  let length = 0
  for (const frame of frames) length += frame.length
  return length <= COPY_BYTES ? Buffer.concat(frames) : frames
}

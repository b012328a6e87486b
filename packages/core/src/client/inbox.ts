import { type Deferred, deferred } from '../runtime/deferred.js'
import { Mailbox, type Overflow } from '../runtime/mailbox.js'
import type { Context } from './context.js'
import type { Received } from './received.js'

/** Drops are told at most this often, as one number. */
const TELL_MS = 100

/**
 * Where a subscription's messages wait for the application. Under `wait` the pulls stop while it is full; what one pull
 * has brought in by then waits behind it, so that nothing is thrown away.
 */
export class Inbox {
  readonly #context: Context
  readonly #channel: string
  readonly #mailbox: Mailbox<Received>
  /** Bounded by what the pulls under way and the held messages of a lane can bring. */
  #behind: Received[] = []
  #room: Deferred<void> | undefined
  #told = 0
  #telling: (() => void) | undefined

  constructor(context: Context, channel: string, limit: number, overflow: Overflow) {
    this.#context = context
    this.#channel = channel
    this.#mailbox = new Mailbox<Received>({ limit, overflow, onRoom: () => this.#refill() })
  }

  push(message: Received): void {
    if (this.#behind.length > 0 || this.#mailbox.push(message, message.path) === 'full') this.#behind.push(message)
    if (this.#mailbox.dropped > this.#told) this.#tell()
  }

  /** Resolves when there is room again; `undefined`: there is. */
  room(): Promise<void> | undefined {
    if (this.#behind.length === 0) return undefined
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** The oldest, if one is here. */
  take(): Received | undefined {
    return this.#mailbox.take()
  }

  next(): Promise<IteratorResult<Received, undefined>> {
    return this.#mailbox.next()
  }

  *waiting(): IterableIterator<Received> {
    yield* this.#mailbox.waiting()
    yield* this.#behind
  }

  end(error?: unknown): void {
    this.#telling?.()
    this.#mailbox.end(error)
    this.#behind = []
    this.#room?.resolve()
  }

  #refill(): void {
    let moved = 0
    for (const message of this.#behind) {
      if (this.#mailbox.push(message, message.path) === 'full') break
      moved += 1
    }
    this.#behind.splice(0, moved)
    if (this.#behind.length > 0) return
    this.#room?.resolve()
    this.#room = undefined
  }

  #tell(): void {
    this.#telling ??= this.#context.runtime.after(TELL_MS, () => {
      this.#telling = undefined
      const dropped = this.#mailbox.dropped - this.#told
      this.#told = this.#mailbox.dropped
      this.#context.events.emit({ type: 'overflow', channel: this.#channel, dropped })
    })
  }
}

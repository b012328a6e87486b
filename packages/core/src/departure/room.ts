import type { MessagingError } from '@spanwire/driver'
import type { Departure } from './message.js'

/** What happens to a message for which the outbox has no room. */
export type Overflow = 'error' | 'wait' | 'drop-oldest'

export interface RoomOptions {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly overflow: Overflow
}

/** Somebody who waits for room. One of both is called, once. */
export interface Waiter {
  readonly bytes: number
  /** There is room now. */
  go(): void
  giveUp(error: MessagingError): void
}

/** The bound on what may wait for a site without having been handed over. Shared by all outboxes of a client. */
export class Room {
  readonly options: RoomOptions
  #messages = 0
  #bytes = 0
  /** In order of age, with the way to drop each; kept only where the oldest may have to go. */
  readonly #droppable = new Map<Departure, () => void>()
  readonly #waiters: Waiter[] = []
  #isWaking = false

  constructor(options: RoomOptions) {
    this.options = options
  }

  get used(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#messages, bytes: this.#bytes }
  }

  /** Nobody waits for room. */
  get isCalm(): boolean {
    return this.#waiters.length === 0
  }

  /** Whether a message of so many bytes may enter; drops older ones for it where that is the rule. */
  admits(bytes: number): boolean {
    if (bytes > this.options.maxBytes) return false
    while (!this.#fits(bytes)) {
      const [oldest] = this.#droppable.values()
      if (oldest === undefined) return false
      oldest()
    }
    return true
  }

  /** `drop`: where the oldest may have to go. */
  enter(departure: Departure, drop?: () => void): void {
    this.#messages += 1
    this.#bytes += departure.letter.body.length
    if (drop) this.#droppable.set(departure, drop)
  }

  /** It was handed over, or ended. */
  leave(departure: Departure): void {
    this.#messages -= 1
    this.#bytes -= departure.letter.body.length
    this.#droppable.delete(departure)
    if (this.#waiters.length > 0) this.#wake()
  }

  /** Whether it has to wait: there is no room, or others came before. */
  mustWait(bytes: number): boolean {
    return this.options.overflow === 'wait' && (this.#waiters.length > 0 || !this.#fits(bytes))
  }

  /** Waits its turn; as many may as the room holds. The result takes it back; `undefined`: there are too many already. */
  wait(waiter: Waiter): (() => void) | undefined {
    if (this.#waiters.length >= this.options.maxMessages || waiter.bytes > this.options.maxBytes) return undefined
    this.#waiters.push(waiter)
    return () => {
      const at = this.#waiters.indexOf(waiter)
      if (at >= 0) this.#waiters.splice(at, 1)
      // Whoever stood behind a large one may fit.
      if (at === 0) this.#wake()
    }
  }

  close(error: MessagingError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.giveUp(error)
  }

  #fits(bytes: number): boolean {
    return this.#messages < this.options.maxMessages && this.#bytes + bytes <= this.options.maxBytes
  }

  /** Not from within: whoever leaves is being handed over. */
  #wake(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    queueMicrotask(() => {
      this.#isWaking = false
      for (let next = this.#waiters[0]; next && this.#fits(next.bytes); next = this.#waiters[0]) {
        this.#waiters.shift()
        next.go()
      }
    })
  }
}

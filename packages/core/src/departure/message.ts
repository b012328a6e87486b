import type { Capabilities, MessagingError, SendOutcome } from '@spanwire/driver'
import type { Clocks } from '../runtime/moment.js'
import type { Lane } from './lane.js'
import type { Letter } from './letter.js'

export type Done = Extract<SendOutcome, { readonly outcome: 'done' }>

/** Where and when a letter was stored last. Never changed: letters that one line stored within a moment share it. */
export interface Ack extends Clocks {
  readonly lane: Lane
  /** Sites that said it is theirs. */
  readonly stored: readonly string[]
  /** What the last of them said: knows the place in its log, where the engine tells. Of letters that share this, the first one's. */
  readonly proof: Done
}

/** How a departure ended, once. */
export type Ending =
  | { readonly by: 'done' }
  /** Nobody will ever receive it. */
  | { readonly by: 'failed'; readonly error: MessagingError }
  /** Perhaps somebody will: an attempt was ambiguous, or it is stored but not as widely as asked. */
  | { readonly by: 'unknown'; readonly error: MessagingError | undefined }

/** Who waits for a departure to end. One object of the waiter's own, because a closure and what it captures take three. */
export interface Waiting {
  /** Called once. */
  ended(ending: Ending, departure: Departure): void
}

/** One message on its way out: one identity, as many copies as its lane has lines. */
export class Departure {
  readonly letter: Letter
  /** One attempt at least may have been taken without our knowing. */
  ambiguous = false
  /** What an acknowledgement proves where it was handed over last. */
  confirms: Capabilities['confirms'] = 'written'
  /** Copies that are neither stored nor given up. */
  open = 0
  /** Runtime ms, whole: when what is still open ends. */
  readonly untilMs: number
  /** What the last attempt that failed said. */
  error: MessagingError | undefined
  #waiting: Waiting | undefined

  constructor(letter: Letter, untilMs: number, waiting: Waiting) {
    this.letter = letter
    this.untilMs = Math.ceil(untilMs)
    this.#waiting = waiting
  }

  get stored(): readonly string[] {
    return this.letter.ack?.stored ?? []
  }

  get settled(): boolean {
    return this.#waiting === undefined
  }

  settle(ending: Ending): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.ended(ending, this)
  }
}

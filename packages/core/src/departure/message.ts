import type { Body, Capabilities, Headers, MessagingError, SendOutcome } from '@spanwire/driver'
import type { Clocks } from '../runtime/moment.js'
import type { Lane } from './lane.js'

export type Done = Extract<SendOutcome, { readonly outcome: 'done' }>

/** Where and when a letter was stored last. Never changed: letters that one line stored within a moment share it. */
export interface Ack extends Clocks {
  readonly lane: Lane
  /** Sites that said it is theirs. */
  readonly stored: readonly string[]
  /** What the last of them said: knows the place in its log, where the engine tells. Of letters that share this, the first one's. */
  readonly proof: Done
}

/**
 * What a publisher handed in, encoded and checked: all that is needed to send it, now or, when a site is lost, again to
 * another one. One object, because it is kept for a while.
 */
export interface Letter {
  readonly path: string
  readonly key: string | undefined
  /** Where memory is counted, a text has a byte a character: to count its UTF-8 takes longer than most of a publish. */
  readonly body: Body
  readonly headers: Headers
  readonly delayMs: number | undefined
  readonly ttlMs: number | undefined
  /** Given at the first hand-over, or brought along by a message that only passes through. */
  id: string | undefined
  /** 0: not handed over yet. */
  seq: number
  /** The last acknowledgement. */
  ack: Ack | undefined
  /** Offered again and acknowledged: younger than its place among what is retained says. */
  renewed?: boolean
  /** Of a stranger, passing through: it stays without identity (I19). */
  readonly foreign?: boolean
}

/** What most letters have in common before they leave. */
export const PLAIN: Pick<Letter, 'key' | 'delayMs' | 'ttlMs' | 'id' | 'seq' | 'ack'> = {
  key: undefined,
  delayMs: undefined,
  ttlMs: undefined,
  id: undefined,
  seq: 0,
  ack: undefined,
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

const NOWHERE: readonly string[] = Object.freeze([])

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

  get id(): string | undefined {
    return this.letter.id
  }

  get stored(): readonly string[] {
    return this.letter.ack?.stored ?? NOWHERE
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

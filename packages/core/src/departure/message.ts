import type { Body, Capabilities, Headers, MessagingError } from '@spanwire/driver'
import type { Deadline } from '../runtime/wheel.js'

/** What a publisher handed in: encoded, checked, and from here on only carried. */
export interface Load {
  readonly path: string
  readonly key: string | undefined
  readonly body: Body
  readonly bytes: number
  readonly headers: Headers
  readonly delayMs: number | undefined
  readonly ttlMs: number | undefined
  /** Of a stranger, passing through: it stays without identity (I19). */
  readonly foreign?: boolean
}

/** How a departure ended, once. */
export type Ending =
  | { readonly by: 'done' }
  /** Nobody will ever receive it. */
  | { readonly by: 'failed'; readonly error: MessagingError }
  /** Perhaps somebody will: an attempt was ambiguous, or it is stored but not as widely as asked. */
  | { readonly by: 'unknown'; readonly error: MessagingError | undefined }

/** Called once. */
export type Settle = (ending: Ending, departure: Departure) => void

/** Both clocks at one moment: the age of what is kept is the larger of both (R12). */
export interface Clocks {
  readonly nowMs: number
  readonly wallMs: number
}

const NOWHERE: readonly string[] = Object.freeze([])

/** What lasts of a departure: all that is needed to offer it to another site. Small, because it is kept for a while. */
export class Letter {
  readonly load: Load
  /** Set at the first hand-over, or brought along by a message that only passes through. */
  id: string | undefined
  /** 0: not handed over yet. */
  seq = 0
  /** Sites that said it is theirs. Replaced, never changed: most letters of a lane share one. */
  stored: readonly string[] = NOWHERE
  /** The last acknowledgement. */
  acked: Clocks | undefined

  constructor(load: Load, id: string | undefined) {
    this.load = load
    this.id = id
  }
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
  /** What the last attempt that failed said. */
  error: MessagingError | undefined
  deadline: Deadline | undefined
  #settle: Settle | undefined

  constructor(load: Load, id: string | undefined, settle: Settle) {
    this.letter = new Letter(load, id)
    this.#settle = settle
  }

  get load(): Load {
    return this.letter.load
  }

  get id(): string | undefined {
    return this.letter.id
  }

  get seq(): number {
    return this.letter.seq
  }

  get stored(): readonly string[] {
    return this.letter.stored
  }

  get settled(): boolean {
    return this.#settle === undefined
  }

  settle(ending: Ending): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(ending, this)
  }
}

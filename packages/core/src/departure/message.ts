import type { Body, Capabilities, Headers, MessagingError, Outgoing } from '@spanwire/driver'
import type { Clocks } from '../runtime/moment.js'
import type { Lane } from './lane.js'

/** What a publisher handed in: encoded, checked, and from here on only carried. */
export interface Load {
  readonly path: string
  readonly key: string | undefined
  readonly body: Body
  readonly bytes: number
  readonly headers: Headers
  readonly delayMs: number | undefined
  readonly ttlMs: number | undefined
  /** Brought along by a message that only passes through. */
  readonly id?: string | undefined
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

const NOWHERE: readonly string[] = Object.freeze([])

/** What lasts of a departure once it has its number: all that is needed to offer it to another site. Small, because it is kept for a while. */
export class Letter {
  readonly lane: Lane
  /** As it left first. */
  readonly message: Outgoing
  readonly bytes: number
  readonly seq: number
  /** Sites that said it is theirs. Replaced, never changed: most letters of a lane share one. */
  stored: readonly string[] = NOWHERE
  /** The last acknowledgement. */
  acked: Clocks | undefined

  constructor(lane: Lane, message: Outgoing, bytes: number, seq: number) {
    this.lane = lane
    this.message = message
    this.bytes = bytes
    this.seq = seq
  }
}

/** One message on its way out: one identity, as many copies as its lane has lines. */
export class Departure {
  readonly load: Load
  /** Written at the first hand-over. */
  letter: Letter | undefined
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
  #settle: Settle | undefined

  constructor(load: Load, untilMs: number, settle: Settle) {
    this.load = load
    this.untilMs = Math.ceil(untilMs)
    this.#settle = settle
  }

  get id(): string | undefined {
    return this.letter?.message.id ?? this.load.id
  }

  get stored(): readonly string[] {
    return this.letter?.stored ?? NOWHERE
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

import type { Outgoing, SendOutcome } from '@spanwire/driver'
import { keepAll } from './entry.js'
import type { Op, Turns } from './turns.js'

export type Report = (index: number, outcome: SendOutcome) => void

/** A request that was taken and waits for its answer. */
export interface Call {
  /** Its sender does not wait any more. */
  forget(): void
}

/** What a channel does with one message: tells its outcome, or gives the call that will. */
export type Take = (out: Outgoing, index: number, sending: Sending) => SendOutcome | Call

const NOTHING: readonly Outgoing[] = []

/** Marks of messages that the engine has not reached yet. */
const REPORTED = 1
const WITHDRAWN = 2

/** Whose calls they are. */
export interface Sender {
  /** From now on it has requests that wait for answers. */
  expect(sending: Sending): void
  /** None any more. */
  answered(sending: Sending): void
}

/** One call of `send`: reports each of its messages once, whatever happens first. */
export class Sending implements Op {
  readonly weight: number
  readonly sender: Sender
  readonly #turns: Turns
  readonly #take: Take
  readonly #report: Report
  #batch: readonly Outgoing[]
  /** Messages before it were taken by the engine. */
  #at = 0
  #frozen = false
  #marks: Uint8Array | undefined
  #calls: Map<number, Call> | undefined

  constructor(sender: Sender, turns: Turns, batch: readonly Outgoing[], take: Take, report: Report) {
    this.sender = sender
    this.weight = batch.length
    this.#turns = turns
    this.#batch = batch
    this.#take = take
    this.#report = report
  }

  run(): void {
    const batch = this.#batch
    // Halted or killed from within a report: the rest stays in the inbox, or has been reported.
    while (this.#turns.running) {
      const index = this.#at
      const out = batch[index]
      if (out === undefined) break
      this.#at++
      if (this.#marks === undefined) this.#do(out, index)
      else this.#doMarked(out, index, this.#marks[index])
    }
    if (this.#at === this.weight) this.#batch = NOTHING
  }

  /** The bytes are the engine's now. */
  freeze(): void {
    this.#frozen = true
    this.#batch = this.#batch.map((out, index) => (index < this.#at ? out : keepAll(out)))
  }

  /** The answer to a call. */
  answer(index: number, outcome: SendOutcome): void {
    if (this.#calls?.delete(index) !== true) return
    if (this.#calls.size === 0) this.sender.answered(this)
    this.#report(index, outcome)
  }

  /** Reports one, or all that are open. `unsent` is for those that the engine has certainly not got. */
  cancel(unsent: SendOutcome, unknown: SendOutcome, index?: number): void {
    if (index !== undefined) {
      this.#cancelOne(index, unsent, unknown)
      return
    }
    for (const at of [...(this.#calls?.keys() ?? [])]) this.#cancelOne(at, unsent, unknown)
    for (let at = this.#at; at < this.weight; at++) this.#cancelOne(at, unsent, unknown)
  }

  #do(out: Outgoing, index: number): void {
    const taken = this.#take(out, index, this)
    if ('forget' in taken) this.#expect(index, taken)
    else this.#report(index, taken)
  }

  #doMarked(out: Outgoing, index: number, mark: number | undefined): void {
    if (mark === WITHDRAWN) return
    if (mark !== REPORTED) {
      this.#do(out, index)
      return
    }
    // Canceled while the engine hung: it acts on it all the same, and nobody listens.
    this.#take(out, index, this)
  }

  #expect(index: number, call: Call): void {
    this.#calls ??= new Map()
    if (this.#calls.size === 0) this.sender.expect(this)
    this.#calls.set(index, call)
  }

  #cancelOne(index: number, unsent: SendOutcome, unknown: SendOutcome): void {
    if (index < this.#at) {
      this.#calls?.get(index)?.forget()
      this.answer(index, unknown)
      return
    }
    if (index >= this.weight) return
    this.#marks ??= new Uint8Array(this.weight)
    if (this.#marks[index] !== 0) return
    this.#marks[index] = this.#frozen ? REPORTED : WITHDRAWN
    this.#report(index, this.#frozen ? unknown : unsent)
  }
}

import type { Cancel, Channel, MessagingError, SendOutcome } from '@spanwire/driver'
import { maybe } from './errors.js'

type Report = Parameters<Channel['send']>[1]

/** An outcome that says no. */
export function failed(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError): SendOutcome {
  return { outcome, error }
}

const LOST: SendOutcome = failed('unknown', maybe('Forgotten before Kafka answered.', 'message'))

const OVER = 0
const WAITS = 1
const HANDED_OVER = 2

/** The messages of one call, and how far each has come. */
export class Open {
  readonly #report: Report
  readonly #states: Uint8Array
  readonly #unsent: SendOutcome
  readonly #doneWhen: 'stored' | 'answered'
  #left: number

  /** `forgotten`: what a message that was cancelled before it was handed over is reported with. */
  constructor(
    count: number,
    report: Report,
    { forgotten, doneWhen }: { readonly forgotten: MessagingError; readonly doneWhen: 'stored' | 'answered' },
  ) {
    this.#report = report
    this.#states = new Uint8Array(count).fill(WAITS)
    this.#unsent = failed('unsent', forgotten)
    this.#doneWhen = doneWhen
    this.#left = count
  }

  get isOver(): boolean {
    return this.#left === 0
  }

  /** Not reported, and not given to the port. */
  waits(index: number): boolean {
    return this.#states[index] === WAITS
  }

  /** It is given to the port now. */
  handOver(index: number): void {
    if (this.#states[index] === WAITS) this.#states[index] = HANDED_OVER
  }

  /** It is in the log. */
  stored(index: number, outcome: SendOutcome): void {
    if (this.#doneWhen === 'stored') this.one(index, outcome)
  }

  one(index: number, outcome: SendOutcome): void {
    if (this.#states[index] === OVER || index >= this.#states.length) return
    this.#states[index] = OVER
    this.#left -= 1
    this.#report(index, outcome)
  }

  /** By `Cancel` and at the end of the link: `lost` is for what was handed over. */
  forget(index: number, unsent: SendOutcome = this.#unsent, lost: SendOutcome = LOST): void {
    this.one(index, this.#states[index] === WAITS ? unsent : lost)
  }

  forgetAll(unsent: SendOutcome = this.#unsent, lost: SendOutcome = LOST): void {
    for (let index = 0; this.#left > 0; index++) this.forget(index, unsent, lost)
  }

  readonly cancel: Cancel = (index) => {
    if (index === undefined) this.forgetAll()
    else this.forget(index)
  }
}

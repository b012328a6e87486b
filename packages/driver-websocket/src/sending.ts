import type { Body, Headers, MessagingError, SendOutcome } from '@spanwire/driver'

type Report = (index: number, outcome: SendOutcome) => void

const DONE: SendOutcome = { outcome: 'done' }

/** One `send` op that waits for its outcomes. Reports each index once. */
export class Sending {
  readonly count: number
  readonly #from: number
  readonly #report: Report
  readonly #onEmpty: () => void
  readonly #open: Uint8Array
  #left: number

  constructor(from: number, count: number, report: Report, onEmpty: () => void) {
    this.count = count
    this.#from = from
    this.#report = report
    this.#onEmpty = onEmpty
    this.#open = new Uint8Array(count).fill(1)
    this.#left = count
  }

  /** `position`: after the last of them. */
  done(ranges?: readonly number[], position?: string): void {
    this.#all(position === undefined ? DONE : { outcome: 'done', position: () => position }, ranges)
  }

  fail(outcome: 'refused' | 'unsent' | 'unknown', error: MessagingError, ranges?: readonly number[]): void {
    this.#all({ outcome, error }, ranges)
  }

  reply(index: number, body: Body, error: string | null | undefined, headers: Headers = []): void {
    this.#one(index, { outcome: 'done', reply: { body, error: error ?? undefined, headers: () => headers } })
  }

  has(index: number): boolean {
    return this.#open[index] === 1
  }

  /** `ranges`: first, count, first, count ...; absent: all. */
  #all(outcome: SendOutcome, ranges: readonly number[] = [0, this.count]): void {
    for (let at = 0; at < ranges.length; at += 2) {
      const first = ranges[at] ?? 0
      for (let index = first; index < first + (ranges[at + 1] ?? 0); index++) this.#one(index, outcome)
    }
  }

  #one(index: number, outcome: SendOutcome): void {
    if (!this.#open[index]) return
    this.#open[index] = 0
    this.#left -= 1
    if (this.#left === 0) this.#onEmpty()
    this.#report(this.#from + index, outcome)
  }
}

import { type Lost, Piece } from './encoded.js'

/** What a client has to be told beside its messages: what it will not get, and that it has caught up. */
export class Losses {
  readonly #lost = new Map<Lost['reason'], number | undefined>()
  #caughtUp = false

  get none(): boolean {
    return this.#lost.size === 0 && !this.#caughtUp
  }

  add(lost: Lost | undefined): void {
    if (!lost) return
    const before = this.#lost.has(lost.reason) ? this.#lost.get(lost.reason) : 0
    this.#lost.set(lost.reason, before === undefined || lost.count === undefined ? undefined : before + lost.count)
  }

  caughtUp(): void {
    this.#caughtUp = true
  }

  /** All that is known so far, one reason a piece; caught up comes with the last of them. */
  take(): Piece | undefined {
    if (this.none) return undefined
    const [entry] = this.#lost
    if (entry) this.#lost.delete(entry[0])
    const last = this.#lost.size === 0 && this.#caughtUp
    if (last) this.#caughtUp = false
    return new Piece([], entry && lostOf(entry), last)
  }
}

function lostOf([reason, count]: readonly [Lost['reason'], number | undefined]): Lost {
  return count === undefined ? { reason } : { reason, count }
}

/** Refused or unanswered so often in a row, or half of at least so many in so long. */
const IN_ROW = 3
const SAMPLE = 10
const SAMPLE_MS = 10_000
const BASE_MS = 5_000
const CAP_MS = 300_000
/** Well for so long, earlier illnesses count no more. */
const FORGET_MS = 900_000

/** Counts how the sends of one channel end: whether a channel is ill though its link is well. */
export class SendHealth {
  #inRow = 0
  #good = 0
  #bad = 0
  #since = Number.NEGATIVE_INFINITY
  /** Illnesses that count. */
  #times = 0
  #wellSince = 0
  /** Just tried again: the next failure decides. */
  #isTrial = false

  done(): void {
    this.#good += 1
    this.#inRow = 0
    this.#isTrial = false
  }

  /** True: the channel is ill from now on. */
  failed(nowMs: number): boolean {
    if (nowMs - this.#since > SAMPLE_MS) {
      this.#since = nowMs
      this.#good = 0
      this.#bad = 0
    }
    this.#inRow += 1
    this.#bad += 1
    const isFrequent = this.#good + this.#bad >= SAMPLE && this.#bad >= this.#good
    return this.#isTrial || this.#inRow >= IN_ROW || isFrequent
  }

  /** It is ill: how long to leave it alone, in ms. 5 s doubling to 300 s, a fifth more or less; `chance` is uniform in [0, 1). */
  leaveMs(nowMs: number, chance: number): number {
    if (nowMs - this.#wellSince > FORGET_MS) this.#times = 0
    const ms = Math.min(CAP_MS, BASE_MS * 2 ** this.#times)
    this.#times += 1
    return ms * (0.8 + 0.4 * chance)
  }

  /** It answers again: real messages are tried. */
  recovered(nowMs: number): void {
    this.#wellSince = nowMs
    this.#inRow = 0
    this.#isTrial = true
  }
}

/**
 * Ids of what was finished lately, in two generations (R40; R45 for requests): an id is known for at least `keepMs`,
 * unless more than `max` / 2 came since. Never holds more than `max`.
 */
export class Completed {
  readonly #max: number
  readonly #keepMs: number
  #young: Set<string> | undefined
  #old: Set<string> | undefined
  #sinceMs = 0

  constructor(max = 100_000, keepMs = 600_000) {
    this.#max = max
    this.#keepMs = keepMs
  }

  has(id: string): boolean {
    return (this.#young?.has(id) || this.#old?.has(id)) ?? false
  }

  /** `nowMs`: monotonic. */
  add(id: string, nowMs: number): void {
    if (this.#young === undefined || this.#young.size * 2 >= this.#max || nowMs - this.#sinceMs >= this.#keepMs) {
      this.#old = this.#young
      this.#young = new Set()
      this.#sinceMs = nowMs
    }
    this.#young.add(id)
  }
}

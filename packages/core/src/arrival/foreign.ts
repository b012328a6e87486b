import { Completed } from './completed.js'

/** Messages of clients that know nothing of our identity (R39): told apart by their engine's id if they have one, else at least once. */
export class Foreign {
  readonly #ids: Completed = new Completed()

  /** Was it seen before? Remembers it. */
  repeats(id: string | undefined, nowMs: number): boolean {
    if (id === undefined) return false
    if (this.#ids.has(id)) return true
    this.#ids.add(id, nowMs)
    return false
  }
}

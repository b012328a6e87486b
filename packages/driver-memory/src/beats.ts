import type { Clock } from './clock.js'
import type { Attached } from './store.js'

/** Signs of life: each half beat, every reception is told; those that wait on a well channel pass it on. Its timer runs while there are receptions. */
export class Beats {
  readonly #clock: Clock
  readonly #halfMs: number
  readonly #receptions: Set<Attached> = new Set()
  #cancel: (() => void) | undefined

  constructor(clock: Clock, beatMs: number) {
    this.#clock = clock
    this.#halfMs = beatMs / 2
  }

  get size(): number {
    return this.#receptions.size
  }

  /** All of them, for who has to wake them. */
  all(): readonly Attached[] {
    return [...this.#receptions]
  }

  add(reception: Attached): void {
    this.#receptions.add(reception)
    this.#cancel ??= this.#clock.after(this.#halfMs, this.#tick)
  }

  remove(reception: Attached): void {
    this.#receptions.delete(reception)
    if (this.#receptions.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  readonly #tick = (): void => {
    this.#cancel = this.#clock.after(this.#halfMs, this.#tick)
    for (const reception of this.#receptions) reception.tick()
  }
}

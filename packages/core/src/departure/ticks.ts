import type { Runtime } from '../runtime/runtime.js'

/** One timer for all that want to look once in a while, so that they do it in the same turn. */
export class Ticks {
  readonly #runtime: Runtime
  readonly #everyMs: number
  #looks = new Set<() => void>()
  #cancel: (() => void) | undefined

  constructor(runtime: Runtime, everyMs: number) {
    this.#runtime = runtime
    this.#everyMs = everyMs
  }

  /** Called once, at the next tick. */
  next(look: () => void): void {
    this.#looks.add(look)
    this.#cancel ??= this.#runtime.after(this.#everyMs, () => {
      const looks = this.#looks
      this.#looks = new Set()
      this.#cancel = undefined
      for (const one of looks) one()
    })
  }

  close(): void {
    this.#cancel?.()
    this.#looks.clear()
  }
}

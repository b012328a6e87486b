import { SETTLED } from './deferred.js'
import type { Runtime } from './runtime.js'

/** Both clocks at one moment. */
export interface Clocks {
  readonly nowMs: number
  readonly wallMs: number
}

/** The clocks, read once for all that one turn does: a batch is hundreds of messages, and a clock costs as much as a message may. */
export class Moment {
  readonly #runtime: Runtime
  #clocks: Clocks | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** One object a turn. */
  get clocks(): Clocks {
    return this.#clocks ?? this.#read()
  }

  #read(): Clocks {
    this.#clocks = { nowMs: this.#runtime.now(), wallMs: this.#runtime.wall() }
    void SETTLED.then(this.#pass)
    return this.#clocks
  }

  readonly #pass = (): void => {
    this.#clocks = undefined
  }
}

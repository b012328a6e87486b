import type { NatsConnection } from '@nats-io/transport-node'
import type { MessagingError } from '@spanwire/driver'

/** Called once: with an error if the link ended first. */
export type Flushed = (error?: MessagingError) => void

/** Round trips under way at most. Who asks meanwhile shares the next one. */
const MAX_UNDERWAY = 16

/** Round trips on a connection, one for all who ask in one tick. */
export class Flushes {
  /** How many were answered. */
  answered = 0
  readonly #nc: NatsConnection
  readonly #underway = new Set<Flushed>()
  #gathered: Flushed[] = []
  #isDue = false
  #promise: Promise<void> | undefined

  constructor(nc: NatsConnection) {
    this.#nc = nc
  }

  get isIdle(): boolean {
    return this.#underway.size === 0
  }

  /** Calls back when the server has read all that was published until now, and what it complained of was heard. */
  add(then: Flushed): void {
    this.#gathered.push(then)
    this.#schedule()
  }

  /** The same as a promise, one for all who ask before the next round trip begins. */
  promise(): Promise<void> {
    this.#promise ??= new Promise((resolve, reject) => this.add((error) => (error ? reject(error) : resolve())))
    return this.#promise
  }

  end(error: MessagingError): void {
    for (const then of [...this.#underway, ...this.#gathered.splice(0)]) then(error)
  }

  #schedule(): void {
    if (this.#isDue || this.#underway.size >= MAX_UNDERWAY || this.#gathered.length === 0) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      if (this.#gathered.length > 0) this.#flush(this.#gathered.splice(0))
    })
  }

  #flush(all: readonly Flushed[]): void {
    this.#promise = undefined
    const then = (error?: MessagingError): void => {
      if (!this.#underway.delete(then)) return
      this.answered += 1
      for (const one of all) one(error)
      if (error === undefined) this.#schedule()
    }
    this.#underway.add(then)
    // A complaint comes before the answer, but nats.js tells of it in a later microtask. After the end it never settles, or rejects.
    this.#nc.flush().then(
      () => setImmediate(then),
      () => undefined,
    )
  }
}

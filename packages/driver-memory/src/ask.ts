import { aborted } from './errors.js'
import type { Op } from './turns.js'

export interface AskOptions<T> {
  /** For the error when the signal aborts: `open of channel "orders"`. */
  readonly what: string
  readonly signal: AbortSignal
  /** Done at the engine, in its turn. Not called when the asker gave up before. */
  readonly work: () => T
  /** The asker was told that it will not happen. */
  readonly dropped?: () => void
}

/** A round trip to the engine: settles by the engine's turn, by its signal, or by the end of what it belongs to. */
export class Ask<T> implements Op {
  readonly weight = 0
  readonly promise: Promise<T>
  readonly #options: AskOptions<T>
  readonly #waits: Set<Waiting>
  readonly #onAbort: () => void
  #resolve: (value: T) => void = () => {}
  #reject: (error: Error) => void = () => {}

  /** It is a member of `waits` while it is open. */
  constructor(waits: Set<Waiting>, options: AskOptions<T>) {
    this.#options = options
    this.#waits = waits
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#onAbort = () => this.fail(aborted(options.signal, options.what))
    waits.add(this)
    if (options.signal.aborted) this.#onAbort()
    else options.signal.addEventListener('abort', this.#onAbort)
  }

  run(): void {
    if (!this.#close()) return
    try {
      this.#resolve(this.#options.work())
    } catch (error) {
      // What a store throws is a MessagingError, made where the reason is known.
      this.#reject(error as Error)
    }
  }

  freeze(): void {
    // It carries nothing of the asker's.
  }

  fail(error: Error): void {
    if (!this.#close()) return
    this.#options.dropped?.()
    this.#reject(error)
  }

  #close(): boolean {
    if (!this.#waits.delete(this)) return false
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    return true
  }
}

/** What can end early. */
export interface Waiting {
  fail(error: Error): void
}

/** What the promise gives, or the signal's end. Whoever made the promise has the signal too; who ignores it is not waited for. */
export function within<T>(signal: AbortSignal, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cut = (): void => reject(aborted(signal, what))
    signal.addEventListener('abort', cut)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut))
  })
}

import { type Cancel, type LinkEnd, MessagingError, type Reception } from '@spanwire/driver'
import type { Context } from '../client/context.js'
import { deferred } from '../runtime/deferred.js'

/** What is open on a hop. It ends once, and everything in it ends before `ended` tells. */
export class HopLife {
  readonly context: Context
  readonly ended: Promise<LinkEnd>
  /** Calls to `send` with messages that are not reported yet. */
  readonly sends: Set<Cancel> = new Set()
  readonly receptions: Set<Reception> = new Set()
  /** What waits: told of the end. */
  readonly #waits = new Set<() => void>()
  #over = false
  readonly #isEnded = deferred<LinkEnd>()

  constructor(context: Context) {
    this.context = context
    this.ended = this.#isEnded.promise
    void context.closed.promise.then(() => this.end())
  }

  get over(): boolean {
    return this.#over
  }

  /** Everything that waits is told so, what is unsettled goes back. A second call waits for the first. */
  async end(): Promise<void> {
    if (this.over) return void (await this.ended)
    this.#over = true
    for (const tell of this.#waits) tell()
    for (const cancel of this.sends) cancel()
    await Promise.all([...this.receptions].map((reception) => reception.stop(AbortSignal.abort())))
    // Who waited has heard of it one turn later.
    this.context.runtime.turn(() => this.#isEnded.resolve({ by: 'us' }))
    await this.ended
  }

  /** Waits for `work`, for the signal, whose error is `late`, or for the end of the hop. */
  within<T>(work: Promise<T>, signal: AbortSignal, late: () => MessagingError): Promise<T> {
    return new Promise((resolve, reject) => {
      const over = (): void => finish(() => reject(this.closed()))
      const abort = (): void => finish(() => reject(late()))
      const finish = (settle: () => void): void => {
        this.#waits.delete(over)
        signal.removeEventListener('abort', abort)
        settle()
      }
      this.#waits.add(over)
      signal.addEventListener('abort', abort)
      work.then(
        (value) => finish(() => resolve(value)),
        (error) => finish(() => reject(error)),
      )
      if (this.over) over()
      else if (signal.aborted) abort()
    })
  }

  closed(): MessagingError {
    return new MessagingError('closed', 'the hop was closed')
  }
}

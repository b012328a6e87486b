import { type LinkEnd, MessagingError, type Reception } from '@spanwire/driver'
import type { Context } from '../client/context.js'
import { deferred } from '../runtime/deferred.js'

/** Somebody with messages under way. */
export interface Busy {
  /** A site lost its link: what nobody can take any more is given up. */
  look(): void
  /** Reports all that is open. */
  giveUp(error: MessagingError): void
}

/** What is open on a hop. It ends once, and everything in it ends before `ended` tells. */
export class HopLife {
  readonly context: Context
  readonly ended: Promise<LinkEnd>
  /** Channels with messages that are not reported yet. */
  readonly busy: Set<Busy> = new Set()
  readonly receptions: Set<Reception> = new Set()
  /** What waits: told of the end. */
  readonly #waits = new Set<() => void>()
  #over = false
  readonly #isEnded = deferred<LinkEnd>()
  readonly #unwatch: readonly (() => void)[]

  constructor(context: Context) {
    this.context = context
    this.ended = this.#isEnded.promise
    void context.closed.promise.then(() => this.end())
    this.#unwatch = [...context.sessions.values()].map((session) =>
      session.onChange((change) => {
        if ('to' in change && !('link' in change.to)) for (const one of this.busy) one.look()
      }),
    )
  }

  get over(): boolean {
    return this.#over
  }

  /** Everything that waits is told so, what is unsettled goes back. A second call waits for the first. */
  async end(): Promise<void> {
    if (this.over) return void (await this.ended)
    this.#over = true
    for (const tell of this.#waits) tell()
    for (const stop of this.#unwatch) stop()
    for (const one of this.busy) one.giveUp(this.closed())
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

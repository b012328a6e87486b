import type { Message, MessagingError, Subscription } from '@spanwire/core'
import { failure } from './failure.js'
import { type Hold, shared } from './shared.js'

/** How a subscription is doing. `idle`: nobody listens, or the client was closed. */
export type FeedStatus =
  | { readonly status: 'idle' | 'loading' | 'live'; readonly error: undefined }
  | { readonly status: 'error'; readonly error: MessagingError }

export const IDLE: FeedStatus = { status: 'idle', error: undefined }
export const CONNECTING: FeedStatus = { status: 'loading', error: undefined }
const LIVE: FeedStatus = { status: 'live', error: undefined }

export interface FeedListener {
  message(message: Message): void
  /** The status changed. */
  changed(): void
}

/** One subscription, and everybody on the page who listens to it. */
export class Feed {
  status: FeedStatus = CONNECTING
  readonly #hold: Hold
  readonly #listeners = new Set<FeedListener>()
  #subscription: Subscription | undefined

  constructor(wire: { open(): Subscription; ended(): void }) {
    this.#hold = shared(() => {
      this.#follow(wire.open)
      return () => {
        wire.ended()
        const subscription = this.#subscription
        this.#subscription = undefined
        this.status = IDLE
        // Nobody is left who could be told that stopping failed.
        subscription?.stop().catch(() => {})
      }
    })
  }

  /** Messages that are known to be missing and may still come. */
  get gaps(): number {
    return this.#subscription?.status().gapsOpen ?? 0
  }

  listen(listener: FeedListener): () => void {
    const letGo = this.#hold()
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      letGo()
    }
  }

  #follow(open: () => Subscription): void {
    const fail = (error: unknown): void => this.#enter({ status: 'error', error: failure(error) })
    try {
      const subscription = open()
      this.#subscription = subscription
      subscription.ready.then(() => this.#is(subscription) && this.#enter(LIVE), fail)
      this.#pull(subscription).catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  async #pull(subscription: Subscription): Promise<void> {
    for await (const message of subscription) {
      if (!this.#is(subscription)) return
      for (const listener of this.#listeners) listener.message(message)
    }
    if (this.#is(subscription)) this.#enter(IDLE)
  }

  #is(subscription: Subscription): boolean {
    return this.#subscription === subscription
  }

  #enter(status: FeedStatus): void {
    this.status = status
    for (const listener of this.#listeners) listener.changed()
  }
}

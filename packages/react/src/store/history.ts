import type { Message } from '@spanwire/core'
import { report } from './failure.js'
import type { FeedStatus } from './feed.js'
import type { Listener } from './listener.js'
import type { Store } from './store.js'

/** What was heard, oldest first. The same object until something changes. */
export type History<Item> = FeedStatus & {
  /** At most `limit`. */
  readonly items: readonly Item[]
  /** Older items were dropped for the limit. */
  readonly truncated: boolean
  /** Messages that are known to be missing and may still come. */
  readonly gaps: number
  /** Forgets all items. Stable. */
  readonly clear: () => void
}

/** Turns what is there and what came, in the order of arrival, into what is there now. */
export type Reduce<Item> = (items: readonly Item[], batch: readonly Message[]) => readonly Item[]

/** So many messages are folded in without waiting for the pass, which bounds what waits on a hidden page. */
const BATCH = 1000

/** The last items of a feed, folded in once per pass. */
export class HistoryView<Item> {
  limit = 0
  reduce: Reduce<Item> = (items) => items
  readonly first: History<Item>
  readonly subscribe: (changed: () => void) => () => void
  readonly #listener: Listener
  readonly #clear: () => void
  #changed: () => void = () => {}
  #waiting: Message[] = []
  #items: readonly Item[] = []
  #truncated = false
  #picture: History<Item>

  constructor(store: Store, listener: Listener) {
    this.#listener = listener
    this.#clear = () => {
      this.#items = []
      this.#waiting = []
      this.#truncated = false
      this.#pass()
    }
    this.first = this.#draw(listener.first())
    this.#picture = this.first
    const soon = (): void => store.later(this.#pass)
    this.subscribe = (changed) => {
      this.#changed = changed
      listener.take = (message) => {
        this.#waiting.push(message)
        if (this.#waiting.length >= BATCH) this.#fold()
        soon()
      }
      const quiet = [
        listener.subscribe(soon),
        // A gap comes to notice without a message.
        store.events.listen(() => {
          if (listener.gaps() !== this.#picture.gaps) soon()
        }),
      ]
      return () => {
        for (const end of quiet) end()
      }
    }
  }

  readonly read = (): History<Item> => this.#picture

  readonly #pass = (): void => {
    this.#fold()
    this.#picture = this.#draw(this.#listener.read())
    this.#changed()
  }

  #fold(): void {
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length === 0) return
    try {
      const items = this.reduce(this.#items, batch)
      this.#truncated ||= items.length > this.limit
      this.#items = this.limit > 0 ? items.slice(-this.limit) : []
    } catch (error) {
      report(error)
    }
  }

  #draw(status: FeedStatus): History<Item> {
    return Object.freeze({
      ...status,
      items: this.#items,
      truncated: this.#truncated,
      gaps: this.#listener.gaps(),
      clear: this.#clear,
    })
  }
}

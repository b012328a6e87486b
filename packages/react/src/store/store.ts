import type { Client, SubscribeOptions, Topic } from '@spanwire/core'
import { Boards, type Filter, type Given } from './boards.js'
import { ConnectionView } from './connection.js'
import { Events } from './events.js'
import { Feed } from './feed.js'
import { Firsts } from './first.js'
import { createLater, type Flush, type Later } from './flush.js'
import { type Hold, shared } from './shared.js'

export type FeedOptions = Omit<SubscribeOptions, 'signal'>

/** What somebody listens to. */
export interface Listening {
  readonly topic: Topic
  readonly filter: Filter
  /** The filter as a path, `*` where a parameter is left out. */
  readonly pattern: string
  readonly options: FeedOptions
}

/**
 * What all hooks under one provider share: one table per (topic, filter), one subscription per (topic, filter, options), one
 * watcher. Made in render, so it opens nothing by itself: whatever costs starts in an effect, with the first holder.
 */
export class Store {
  flush: Flush = 'frame'
  readonly later: Later = createLater(() => this.flush)
  readonly boards: Boards
  readonly firsts: Firsts
  readonly events: Events
  readonly connection: ConnectionView
  /** Held by the provider: a client that the store made itself is closed when nobody came back within the linger. */
  readonly hold: Hold
  readonly #source: Client | (() => Client)
  readonly #feeds = new Map<Topic, Map<string, Feed>>()
  #made: Client | undefined

  constructor(source: Client | (() => Client), given: Given = {}) {
    this.#source = source
    this.boards = new Boards(this.client, given, this.later)
    this.firsts = new Firsts(this.boards)
    this.events = new Events(this.client)
    this.connection = new ConnectionView(this.client, this.events, this.later)
    this.hold = shared(() => () => {
      const made = this.#made
      this.#made = undefined
      // The page is done with it; what could not be drained has told its own callers.
      made?.close().catch(() => {})
    })
  }

  /** The client; a lazy one is made by the first call. */
  readonly client = (): Client => {
    if (typeof this.#source !== 'function') return this.#source
    this.#made ??= this.#source()
    return this.#made
  }

  /** `own`: who asks, where a subscription cannot be shared because it starts in the past. */
  feed({ topic, filter, pattern, options }: Listening, own: string): Feed {
    const feeds = this.#feeds.get(topic) ?? new Map<string, Feed>()
    this.#feeds.set(topic, feeds)
    const { from = 'now' } = options
    const id = [pattern, JSON.stringify(options), from === 'now' ? '' : own].join(' ')
    const feed =
      feeds.get(id) ??
      new Feed({
        open: () => this.client().subscribe(topic, filter, options),
        ended: () => {
          feeds.delete(id)
          if (feeds.size === 0) this.#feeds.delete(topic)
        },
      })
    feeds.set(id, feed)
    return feed
  }
}

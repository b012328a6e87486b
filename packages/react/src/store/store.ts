import type { Client, ClientEvent, Message, SubscribeOptions, Topic } from '@spanwire/core'
import { type Boards, createBoards, type Filter, type Given } from './boards.js'
import { type ConnectionView, viewConnection } from './connection.js'
import { createFeed, type Feed } from './feed.js'
import { createLater, type Flush, type Later } from './flush.js'
import { type Hold, shared } from './shared.js'

export type FeedOptions = Omit<SubscribeOptions, 'signal'>

/** What somebody listens to. */
export interface Listening {
  readonly topic: Topic
  readonly filter: Filter
  /** The filter as a path, `*` where a parameter is left out. */
  readonly path: string
  readonly options: FeedOptions
}

/**
 * What all hooks under one provider share: one table per (topic, filter), one subscription per (topic, filter, options), one
 * watch. Made in render, so it opens nothing by itself: whatever costs starts in an effect, with the first holder.
 */
export interface Store {
  /** Absent: `frame`. */
  flush?: Flush | undefined
  readonly later: Later
  /** The client; a lazy one is made by the first call. */
  readonly client: () => Client
  /** Held by the provider: a client that the store made itself is closed when nobody came back within the linger. */
  readonly hold: Hold
  readonly boards: Boards
  readonly events: Feed<ClientEvent>
  readonly connection: ConnectionView
  /** `own`: who asks, where a subscription cannot be shared because it starts in the past. */
  feed(listening: Listening, own: string): Feed<Message>
}

export function createStore(source: Client | (() => Client), given: Given = {}): Store {
  const feeds = new Map<Topic, Map<string, Feed<Message>>>()
  let made: Client | undefined
  const client = (): Client => {
    if (typeof source !== 'function') return source
    made ??= source()
    return made
  }
  const later = createLater(() => store.flush)
  const boards = createBoards(client, given, later)
  const events = createFeed(
    (signal) => client().watch({ signal }),
    () => {},
  )
  const store: Store = {
    later,
    client,
    hold: shared(() => () => {
      // The page is done with it; what could not be drained has told its own callers.
      made?.close().catch(() => {})
      made = undefined
    }),
    boards,
    events,
    connection: viewConnection(client, events, later),
    feed({ topic, filter, path, options }, own) {
      const id = JSON.stringify([path, options, (options.from ?? 'now') === 'now' || own])
      const ofTopic = feeds.get(topic) ?? new Map<string, Feed<Message>>()
      feeds.set(topic, ofTopic)
      const feed =
        ofTopic.get(id) ??
        createFeed<Message>(
          (signal) => client().subscribe(topic, filter, { ...options, signal }),
          () => ofTopic.delete(id),
        )
      ofTopic.set(id, feed)
      return feed
    },
  }
  return store
}

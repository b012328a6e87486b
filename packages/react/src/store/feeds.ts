import { type Message, type SubscribeOptions, subscribe, type Topic } from '@spanwire/core'
import type { Filter } from './boards.js'
import { createFeed, type Feed } from './feed.js'
import type { Store } from './store.js'

export type FeedOptions = Omit<SubscribeOptions, 'signal'>

/** What somebody listens to. */
export interface Listening {
  readonly topic: Topic
  readonly filter: Filter
  /** The filter as a path, `*` where a parameter is left out. */
  readonly path: string
  readonly options: FeedOptions
}

/** All subscriptions of a page, for as long as they are open. */
export type Feeds = Map<Topic, Map<string, Feed<Message>>>

/** The feed of a topic, filter and options. `own`: who asks, where a subscription cannot be shared because it starts in the past. */
export function feedOf(store: Store, { topic, filter, path, options }: Listening, own: string): Feed<Message> {
  store.feeds ??= new Map()
  const id = JSON.stringify([path, options, (options.from ?? 'now') === 'now' || own])
  const ofTopic = store.feeds.get(topic) ?? new Map<string, Feed<Message>>()
  store.feeds.set(topic, ofTopic)
  const feed =
    ofTopic.get(id) ??
    createFeed<Message>(
      (signal) => subscribe(store.client(), topic, filter, { ...options, signal }),
      () => ofTopic.delete(id),
    )
  ofTopic.set(id, feed)
  return feed
}

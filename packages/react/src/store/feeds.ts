import { type Message, type SubscribeOptions, subscribe, type Topic } from '@spanwire/core'
import type { Filter } from './boards.js'
import { ensure } from './ensure.js'
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

/** The feed of a topic, filter and options. `own`: who asks, where a subscription cannot be shared because it starts in the past. */
export type Feeds = (listening: Listening, own: string) => Feed<Message>

/** All subscriptions of a page, for as long as they are open. A part of the store. */
export function createFeeds({ client }: Store): Feeds {
  const feeds = new Map<Topic, Map<string, Feed<Message>>>()
  return ({ topic, filter, path, options }, own) => {
    const id = JSON.stringify([path, options, (options.from ?? 'now') === 'now' || own])
    const ofTopic = ensure(feeds, topic, () => new Map<string, Feed<Message>>())
    return ensure(ofTopic, id, () =>
      createFeed<Message>(
        (signal) => subscribe(client(), topic, filter, { ...options, signal }),
        () => ofTopic.delete(id),
      ),
    )
  }
}

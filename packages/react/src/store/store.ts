import type { BareClient, ClientEvent } from '@spanwire/core'
import type { Boards, Given } from './boards.js'
import type { ConnectionView } from './connection.js'
import type { Feed } from './feed.js'
import type { Feeds } from './feeds.js'
import { createLater, type Flush, type Later } from './flush.js'
import { type Hold, shared } from './shared.js'

/**
 * What all hooks under one provider share. Made in render, so it opens nothing by itself: whatever costs starts in an
 * effect, with the first holder. What only some hooks need is made by the first of them, so that a page does not load it otherwise.
 */
export interface Store {
  /** Absent: `frame`. */
  flush?: Flush | undefined
  readonly later: Later
  /** The client; a lazy one is made by the first call. */
  readonly client: () => BareClient
  /** Held by the provider: a client that the store made itself is closed when nobody came back within the linger. */
  readonly hold: Hold
  readonly given: Given
  /** Of `boardsOf`: one table per topic and filter. */
  boards?: Boards
  /** Of `feedOf`: one subscription per topic, filter and options. */
  feeds?: Feeds
  /** Of `eventsOf`: one watch. */
  events?: Feed<ClientEvent>
  /** Of `connectionOf`. */
  connection?: ConnectionView
}

export function createStore(source: BareClient | (() => BareClient), given: Given = {}): Store {
  let made: BareClient | undefined
  const client = (): BareClient => {
    if (typeof source !== 'function') return source
    made ??= source()
    return made
  }
  const store: Store = {
    later: createLater(() => store.flush),
    client,
    hold: shared(() => () => {
      // The page is done with it; what could not be drained has told its own callers.
      made?.close().catch(() => {})
      made = undefined
    }),
    given,
  }
  return store
}

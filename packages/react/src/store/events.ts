import { type ClientEvent, watch } from '@spanwire/core'
import { createFeed, type Feed } from './feed.js'
import type { Store } from './store.js'

/** What the client tells, while anybody listens. */
export function eventsOf(store: Store): Feed<ClientEvent> {
  store.events ??= createFeed(
    (signal) => watch(store.client(), { signal }),
    () => {},
  )
  return store.events
}

import type { BareClient } from '@spanwire/core'
import type { Given } from './boards.js'
import { ensure } from './ensure.js'
import { createLater, type Flush, type Later } from './flush.js'
import { type Hold, shared } from './shared.js'

/**
 * What all hooks under one provider share. Made in render, so it opens nothing by itself: whatever costs starts in an
 * effect, with the first holder.
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
  /** What only some hooks need: made by the first that asks, once for all of them, so that a page does not load it otherwise. */
  part<Part>(make: (store: Store) => Part): Part
}

export function createStore(source: BareClient | (() => BareClient), given: Given = {}): Store {
  let made: BareClient | undefined
  const parts = new Map<unknown, unknown>()
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
    // What stands under it, it made.
    part: <Part>(make: (store: Store) => Part) => ensure(parts, make, () => make(store)) as Part,
  }
  return store
}

import type { Message } from '@spanwire/core'
import { report } from './failure.js'
import { CONNECTING, type Feed, type FeedStatus, IDLE } from './feed.js'
import type { Listening, Store } from './store.js'

/** One mounted listener of a feed. Made in render; an effect attaches it. */
export interface Listener {
  /** What is done with each message; may be exchanged at any time. */
  take: (message: Message) => void
  readonly first: () => FeedStatus
  readonly read: () => FeedStatus
  /** Messages that are known to be missing. */
  gaps(): number
  readonly subscribe: (changed: () => void) => () => void
}

export function listenTo(store: Store, listening: Listening, own: string): Listener {
  let feed: Feed | undefined
  const listener: Listener = {
    take: () => {},
    first: () => CONNECTING,
    read: () => feed?.status ?? CONNECTING,
    gaps: () => feed?.gaps ?? 0,
    subscribe(changed) {
      feed = store.feed(listening, own)
      const quiet = feed.listen({ message: (message) => guarded(listener.take, message), changed })
      changed()
      return quiet
    },
  }
  return listener
}

/** The listener of nothing. */
export function listenToNothing(status: FeedStatus = IDLE): Listener {
  return { take: () => {}, first: () => status, read: () => status, gaps: () => 0, subscribe: () => () => {} }
}

/** A handler that throws must not end the listening of others. */
function guarded(take: (message: Message) => void, message: Message): void {
  try {
    take(message)
  } catch (error) {
    report(error)
  }
}

import type { Feed } from './feed.js'
import { guarded, LOADING, type Progress } from './progress.js'

/** One mounted listener of a feed. Made in render; an effect attaches it. */
export interface Listener<Item> {
  /** What is done with each item; may be exchanged at any time. */
  take: (item: Item) => void
  /** What it listens to; until it attaches, nothing that loads. */
  feed: Pick<Feed<Item>, 'progress' | 'gaps'>
  readonly subscribe: (changed: () => void) => () => void
}

/** `find` is asked when it attaches. */
export function listenTo<Item>(find: () => Feed<Item>): Listener<Item> {
  const listener: Listener<Item> = {
    ...listenToNothing(LOADING),
    subscribe(changed) {
      const feed = find()
      listener.feed = feed
      const quiet = feed.listen({ take: (item) => guarded(() => listener.take(item)), changed })
      changed()
      return quiet
    },
  }
  return listener
}

/** The listener of nothing. */
export function listenToNothing<Item>(progress: Progress): Listener<Item> {
  return { take: () => {}, feed: { progress, gaps: () => 0 }, subscribe: () => () => {} }
}

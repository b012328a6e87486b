import { follow } from './follow.js'
import { LOADING, type Progress } from './progress.js'
import { createAudience } from './shared.js'

export interface FeedListener<Item> {
  take(item: Item): void
  /** The progress changed. */
  changed?(): void
}

/** One stream, and everybody on the page who listens to it. Open while anybody does. */
export interface Feed<Item> {
  readonly progress: Progress
  /** Messages that are known to be missing and may still come. */
  gaps(): number
  readonly listen: (listener: FeedListener<Item>) => () => void
}

/** What a feed reads: a subscription, or the client's events. */
export interface Stream<Item> extends AsyncIterable<Item> {
  readonly ready?: Promise<void>
  status?(): { readonly gapsOpen: number }
}

export function createFeed<Item>(
  open: (signal: AbortSignal) => Stream<Item>,
  ended: () => void = () => {},
): Feed<Item> {
  let stream: Stream<Item> | undefined
  const { listeners, listen } = createAudience<FeedListener<Item>>(
    follow<Item>({
      open(signal) {
        stream = open(signal)
        return [stream, stream.ready]
      },
      take(item) {
        for (const listener of listeners) listener.take(item)
      },
      enter(now) {
        feed.progress = now
        for (const listener of listeners) listener.changed?.()
      },
      ended,
    }),
  )
  const feed: Feed<Item> & { progress: Progress } = {
    progress: LOADING,
    gaps: () => stream?.status?.().gapsOpen ?? 0,
    listen,
  }
  return feed
}

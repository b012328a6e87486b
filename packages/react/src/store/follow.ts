import { failed, LIVE, type Progress, STALE } from './progress.js'
import { type Hold, shared } from './shared.js'

/** A source that is read while anybody holds it. */
export interface Following<Item> {
  /** What it gives until the signal aborts, and when it is live. */
  open(signal: AbortSignal): readonly [items: AsyncIterable<Item>, ready: Promise<void> | undefined]
  take(item: Item): void
  /** Told when it is live, failed, or came to its end; and last when nobody holds it any more. */
  enter(progress: Progress): void
  ended(): void
}

export function follow<Item>({ open, take, enter, ended }: Following<Item>): Hold {
  return shared(() => {
    const end = new AbortController()
    const { signal } = end
    const become = (progress: Progress): void => {
      if (!signal.aborted) enter(progress)
    }
    const fail = (error: unknown): void => become(failed(error))
    const read = async (): Promise<void> => {
      const [items, ready] = open(signal)
      ready?.then(() => become(LIVE), fail)
      for await (const item of items) {
        if (signal.aborted) return
        take(item)
      }
      become(STALE)
    }
    read().catch(fail)
    return () => {
      become(STALE)
      end.abort()
      ended()
    }
  })
}

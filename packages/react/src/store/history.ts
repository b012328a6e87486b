import { createEvents } from './events.js'
import type { Listener } from './listener.js'
import { guarded, type Progress } from './progress.js'
import type { Store } from './store.js'

/** What was heard, oldest first. The same object until something changes. */
export type History<Item> = Progress & {
  /** At most `limit`. */
  readonly items: readonly Item[]
  /** Older items were dropped for the limit. */
  readonly truncated: boolean
  /** Messages that are known to be missing and may still come. */
  readonly gaps: number
  /** Forgets all items. Stable. */
  readonly clear: () => void
}

/** The last items of a feed, folded in once per pass. */
export interface HistoryView<Heard, Item> {
  limit: number
  /** Told of each item at once. */
  hear: (item: Heard) => void
  /** Turns what is there and what came, in the order of arrival, into what is there now. */
  reduce: (items: readonly Item[], batch: readonly Heard[]) => readonly Item[]
  readonly read: () => History<Item>
  readonly subscribe: (changed: () => void) => () => void
}

/** So many items are folded in without waiting for the pass, which bounds what waits on a hidden page. */
const BATCH = 1000

export function viewHistory<Heard, Item>(store: Store, listener: Listener<Heard>): HistoryView<Heard, Item> {
  let tell = () => {}
  let waiting: Heard[] = []
  let kept: Kept<Item> = NOTHING
  const fold = (): void => {
    const batch = waiting
    waiting = []
    guarded(() => {
      if (batch.length > 0) kept = newest(view.reduce(kept.items, batch), view.limit, kept)
    })
  }
  const draw = (): History<Item> => ({ ...listener.feed.progress, ...kept, gaps: listener.feed.gaps(), clear })
  const pass = (): void => {
    fold()
    picture = draw()
    tell()
  }
  const clear = (): void => {
    waiting = []
    kept = NOTHING
    pass()
  }
  let picture = draw()
  const soon = (): void => store.later(pass)
  const view: HistoryView<Heard, Item> = {
    limit: 0,
    hear: () => {},
    reduce: (before) => before,
    read: () => picture,
    subscribe(changed) {
      tell = changed
      listener.take = (item) => {
        if (waiting.push(item) >= BATCH) fold()
        soon()
        view.hear(item)
      }
      const quiet = listener.subscribe(soon)
      // A gap comes to notice without a message.
      const deaf = store.part(createEvents).listen({ take: () => listener.feed.gaps() !== picture.gaps && soon() })
      return () => {
        quiet()
        deaf()
      }
    },
  }
  return view
}

type Kept<Item> = Pick<History<Item>, 'items' | 'truncated'>

const NOTHING: Kept<never> = { items: [], truncated: false }

function newest<Item>(items: readonly Item[], limit: number, before: Kept<Item>): Kept<Item> {
  const over = items.length - limit
  return over > 0 ? { items: items.slice(over), truncated: true } : { ...before, items }
}

import type { ClientEvent } from '@spanwire/core'
import { useInsertionEffect, useMemo, useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import { createEvents } from './store/events.js'
import { viewHistory } from './store/history.js'
import { listenTo } from './store/listener.js'
import { type FailoverEvent, isFailover } from './store/timeline.js'

/**
 * The last `limit` events (default 100) that tell of sites lost and found, lanes that moved, and gaps; oldest first, from the
 * mount on. `onEvent` hears each at once. With `limit: 0` it only calls and draws nothing.
 */
export function useFailover(
  onEvent?: (event: FailoverEvent) => void,
  options: { readonly limit?: number } = {},
): readonly FailoverEvent[] {
  const { limit = 100 } = options
  const store = useStore()
  const view = useMemo(
    () =>
      viewHistory<ClientEvent, FailoverEvent>(
        store,
        listenTo(() => store.part(createEvents)),
      ),
    [store],
  )
  useInsertionEffect(() => {
    view.limit = limit
    view.hear = (event) => {
      if (isFailover(event)) onEvent?.(event)
    }
    view.reduce = (items, batch) => {
      const news = limit > 0 ? batch.filter(isFailover) : []
      return news.length > 0 ? [...items, ...news] : items
    }
  })
  const read = (): readonly FailoverEvent[] => view.read().items
  return useSyncExternalStore(view.subscribe, read, read)
}

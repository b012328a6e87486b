import type { Message, OutputOf, ParamsOf, Topic } from '@spanwire/core'
import { useInsertionEffect, useMemo, useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import { type History, viewHistory } from './store/history.js'
import { type ChannelOptions, useListener } from './use-listener.js'

export interface HistoryOptions<C, Item> extends ChannelOptions<C> {
  /** Items that are kept. Default 200. */
  readonly limit?: number
  /**
   * Turns what is there and what came into what is there now: once per flush, with every message, in the order of arrival.
   * Default: the messages themselves.
   */
  readonly reduce?: (items: readonly Item[], batch: readonly Message<OutputOf<C>, ParamsOf<C>>[]) => readonly Item[]
}

/** The last messages of a topic, or what `reduce` makes of them; always bounded. Another topic, other parameters or options start over. */
export function useHistory<C extends Topic, Item = Message<OutputOf<C>, ParamsOf<C>>>(
  topic: C,
  all: HistoryOptions<C, Item> = {},
): History<Item> {
  const { limit = 200, reduce, ...options } = all
  const store = useStore()
  const listener = useListener(topic, options)
  const view = useMemo(() => viewHistory<Message, Item>(store, listener), [store, listener])
  useInsertionEffect(() => {
    view.limit = limit
    // The feed is this topic's; views do not know the type. Without `reduce` an item is a message.
    view.reduce = (reduce ?? append) as typeof view.reduce
  })
  return useSyncExternalStore(view.subscribe, view.read, view.read)
}

const append = (items: readonly Message[], batch: readonly Message[]): readonly Message[] => [...items, ...batch]

import type { Message, ParamsOf, Topic } from '@spanwire/core'
import { useId, useMemo } from 'react'
import { useStore } from './provider.js'
import { createFeeds, type FeedOptions } from './store/feeds.js'
import { type Listener, listenTo, listenToNothing } from './store/listener.js'
import { pathIn } from './store/path-in.js'

export interface ChannelOptions<C> extends FeedOptions {
  /** Only messages with these parameters. Default: all. */
  readonly params?: Partial<ParamsOf<C>>
  /** `false` listens to nothing. Default `true`. */
  readonly enabled?: boolean
}

/** The same listener until topic, parameters or options (compared as JSON) say something else. */
export function useListener<C extends Topic>(topic: C, all: ChannelOptions<C>): Listener<Message> {
  const { params: filter = {}, enabled = true, ...options } = all
  const store = useStore()
  const own = useId()
  const path = pathIn(topic, enabled ? filter : undefined, false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: path and text say all that counts of parameters and options.
  return useMemo(
    () =>
      typeof path === 'string'
        ? listenTo(() => store.part(createFeeds)({ topic, filter: { ...filter }, path, options }, own))
        : listenToNothing(path),
    [store, own, topic, path, JSON.stringify(options)],
  )
}

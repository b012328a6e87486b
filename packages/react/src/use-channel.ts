import type { Message, OutputOf, ParamsOf, Topic } from '@spanwire/core'
import { useInsertionEffect, useSyncExternalStore } from 'react'
import type { Listener } from './store/listener.js'
import type { Progress } from './store/progress.js'
import { type ChannelOptions, useListener } from './use-listener.js'

/**
 * Calls `onMessage` with each message, the newest function that was rendered; messages never go through state, so none is lost to
 * batching and none draws anything. Components that listen to the same share one subscription, unless `from` is in the past. What
 * `onMessage` throws is reported like the error of an event handler. `loading`: not attached yet, so messages may pass by;
 * `stale`: the client was closed.
 */
export function useChannel<C extends Topic>(
  topic: C,
  onMessage: (message: Message<OutputOf<C>, ParamsOf<C>>) => void,
  options: ChannelOptions<C> = {},
): Progress {
  const listener = useListener(topic, options)
  useInsertionEffect(() => {
    // The subscription was made with this topic; feeds do not know the type.
    listener.take = onMessage as Listener<Message>['take']
  })
  const read = (): Progress => listener.feed.progress
  return useSyncExternalStore(listener.subscribe, read, read)
}

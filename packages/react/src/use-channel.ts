import type { Message, MessagingError, OutputOf, ParamsOf, Topic } from '@spanwire/core'
import { useInsertionEffect, useSyncExternalStore } from 'react'
import type { Listener } from './store/listener.js'
import { type ChannelOptions, useListener } from './use-listener.js'

/** How listening goes. `idle`: switched off, or the client was closed. `loading`: not attached yet, so messages may pass by. */
export interface ChannelStatus {
  readonly status: 'idle' | 'loading' | 'live' | 'error'
  readonly error: MessagingError | undefined
}

/**
 * Calls `onMessage` with each message, the newest function that was rendered; messages never go through state, so none is lost to
 * batching and none draws anything. Components that listen to the same share one subscription, unless `from` is in the past. What
 * `onMessage` throws is reported like the error of an event handler.
 */
export function useChannel<C extends Topic>(
  topic: C,
  onMessage: (message: Message<OutputOf<C>, ParamsOf<C>>) => void,
  options: ChannelOptions<C> = {},
): ChannelStatus {
  const listener = useListener('useChannel', topic, options)
  useInsertionEffect(() => {
    // The subscription was made with this topic; feeds do not know the type.
    listener.take = onMessage as Listener['take']
  })
  return useSyncExternalStore(listener.subscribe, listener.read, listener.first)
}

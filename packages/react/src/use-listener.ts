import { type MessagingError, type ParamsOf, patternOf, type Topic } from '@spanwire/core'
import { useId, useMemo } from 'react'
import { useStore } from './provider.js'
import { failure } from './store/failure.js'
import { type Listener, listenTo, listenToNothing } from './store/listener.js'
import type { FeedOptions } from './store/store.js'

export interface ChannelOptions<C> extends FeedOptions {
  /** Only messages with these parameters. Default: all. */
  readonly params?: Partial<ParamsOf<C>>
  /** `false` listens to nothing. Default `true`. */
  readonly enabled?: boolean
}

/** The same listener until topic, parameters or options say something else. */
export function useListener<C extends Topic>(hook: string, topic: C, all: ChannelOptions<C>): Listener {
  const { params = {}, enabled = true, ...options } = all
  const store = useStore(hook)
  const own = useId()
  const pattern = patternIn(topic, params)
  // biome-ignore lint/correctness/useExhaustiveDependencies: pattern and text say all that counts of parameters and options.
  return useMemo(() => {
    if (!enabled) return listenToNothing()
    if (typeof pattern !== 'string') return listenToNothing({ status: 'error', error: pattern })
    return listenTo(store, { topic, filter: { ...params }, pattern, options }, own)
  }, [store, own, topic, enabled, typeof pattern, String(pattern), JSON.stringify(options)])
}

/** Parameters that cannot be make an error to show, not one to throw while rendering. */
function patternIn(topic: Topic, params: Readonly<Record<string, unknown>>): string | MessagingError {
  try {
    return patternOf(topic, params)
  } catch (error) {
    return failure(error)
  }
}

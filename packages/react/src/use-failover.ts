import { useInsertionEffect, useMemo, useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import { type FailoverEvent, Timeline } from './store/timeline.js'

const LIMIT = 100
const NONE: readonly FailoverEvent[] = Object.freeze([])

/**
 * The last `limit` events (default 100) that tell of sites lost and found, lanes that moved, and gaps; oldest first, from the
 * mount on. `onEvent` hears each at once. With `limit: 0` it only calls and draws nothing.
 */
export function useFailover(
  onEvent?: (event: FailoverEvent) => void,
  options: { readonly limit?: number } = {},
): readonly FailoverEvent[] {
  const { limit = LIMIT } = options
  const store = useStore('useFailover')
  const timeline = useMemo(() => new Timeline(store), [store])
  useInsertionEffect(() => {
    timeline.limit = limit
    timeline.tell = onEvent ?? (() => {})
  })
  return useSyncExternalStore(timeline.subscribe, timeline.read, () => NONE)
}

import { type MessagingError, pathOf, patternOf, type Topic } from '@spanwire/core'
import { useMemo, useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import type { Place, Sight } from './store/board.js'
import type { Filter } from './store/boards.js'
import { failure } from './store/failure.js'
import { type Glance, glanceAt, glanceAtNothing } from './store/glance.js'

/** What a component wants to see: `filter` absent for nothing, `place` absent for the one row of the filter. */
export interface Aim {
  readonly hook: string
  readonly topic: Topic
  readonly filter: Filter | undefined
  readonly maxRate: number | undefined
  readonly place?: Place
}

/** Draws `picture` of what the aim shows, again when it changes. `picture` must give the same object for the same sight. */
export function useGlance<Picture>(aim: Aim, picture: (sight: Sight, path: string) => Picture): Picture {
  const { hook, topic, filter, maxRate, place } = aim
  const { boards } = useStore(hook)
  const target = pathIn(aim)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path says all that counts of the filter.
  const glance = useMemo((): Glance => {
    if (target === undefined) return glanceAtNothing({ at: 'off' })
    if (typeof target !== 'string') return glanceAtNothing({ at: 'failed', error: target })
    const want = { topic, filter: { ...filter }, pattern: target, single: place === undefined, maxRate }
    return glanceAt(boards, want, place ?? target)
  }, [boards, topic, typeof target, String(target), maxRate, place])
  const path = String(target)
  return useSyncExternalStore(
    glance.subscribe,
    () => picture(glance.now, path),
    () => picture(glance.first, path),
  )
}

/** Parameters that cannot be make an error to show, not one to throw while rendering. */
function pathIn({ topic, filter, place }: Aim): string | MessagingError | undefined {
  if (!filter) return undefined
  try {
    return place === undefined ? pathOf(topic, filter) : patternOf(topic, filter)
  } catch (error) {
    return failure(error)
  }
}

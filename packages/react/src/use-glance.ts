import type { Topic } from '@spanwire/core'
import { useMemo, useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import type { Place, Sight } from './store/board.js'
import { type Boards, createBoards, type Filter } from './store/boards.js'
import { type Glance, glanceAt, glanceAtNothing } from './store/glance.js'
import { pathIn } from './store/path-in.js'

interface Options {
  readonly enabled?: boolean
  readonly maxRate?: number
  /** What to listen to; absent: the one row that the filter names. */
  readonly place?: Place
}

/** All tables under this provider. For the other entries of this package, which share its context; no contract with anybody else. */
export function useBoards(): Boards {
  return useStore().part(createBoards)
}

/** Draws `picture` of what is under these parameters, again when the place changes. It must be the same object for the same sight. */
export function useGlance<Picture>(
  topic: Topic,
  filter: Filter | undefined,
  { enabled = true, maxRate, place }: Options,
  picture: (sight: Sight, path: string) => Picture,
): Picture {
  const boards = useBoards()
  const single = !place
  const path = pathIn(topic, enabled ? filter : undefined, single)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path says all that counts of the filter.
  const glance = useMemo(
    (): Glance =>
      typeof path === 'string'
        ? glanceAt(boards, { topic, filter: { ...filter }, path, single, maxRate }, place ?? path)
        : glanceAtNothing(path),
    [boards, topic, path, maxRate, place],
  )
  return useSyncExternalStore(
    glance.subscribe,
    () => picture(glance.now, glance.path),
    () => picture(glance.first, glance.path),
  )
}

import type { OutputOf, ParamsOf, TableEntry, Topic } from '@spanwire/core'
import { useState } from 'react'
import { createMemory } from './store/memory.js'
import { LIVE, type Progress, STALE } from './store/progress.js'
import { useGlance } from './use-glance.js'
import { useSelection } from './use-selection.js'

/**
 * The newest value under one path. The same object until something in it changes. `loading`: not every reachable site gave its
 * snapshot, so a value may be an older one, or the server's. `stale`: the site that served it is lost and no other confirmed
 * it since. With an `error` the value is the last one.
 */
export type Latest<Value> = Progress & {
  /** Absent while loading, and when nothing is published under these parameters. */
  readonly value: Value | undefined
  /** When it was published, Unix ms. */
  readonly updatedAt: number | undefined
  /** The site that served it; absent without a value. */
  readonly site: string | undefined
}

export interface LatestOptions<Value, Selected = Value> {
  /** `false` subscribes to nothing. Default `true`. */
  readonly enabled?: boolean
  /** At most so many updates a second, thinned at the server. Counts where no open list already has the row. */
  readonly maxRate?: number
  /** The part that matters: the component is drawn again only when it, the status or the site changes. */
  readonly select?: (value: Value) => Selected
  /** When two selected parts are the same. Default `Object.is`. */
  readonly isEqual?: (before: Selected, now: Selected) => boolean
}

/**
 * The newest value of a `latest` topic under these parameters; `undefined` parameters switch it off. Rows of a list that
 * `useKeys` or `useTable` holds open share its table; others open one each, shared by all who read the same row. Errors are in the
 * result, also those of impossible parameters; nothing is thrown but outside of a provider.
 */
export function useLatest<C extends Topic, Selected = OutputOf<C>>(
  topic: C,
  params: ParamsOf<C> | undefined,
  options: LatestOptions<OutputOf<C>, Selected> = {},
): Latest<Selected> {
  const { select, isEqual } = options
  const pick = useSelection(select, isEqual)
  const [read] = useState(createMemory<Latest<Selected>>)
  return useGlance(topic, params, options, (sight, path) => {
    // The table gives what the topic's schema put out; boards do not know the type.
    const row = sight.row(path) as TableEntry<OutputOf<C>> | undefined
    const progress = sight.progress === LIVE && row?.stale ? STALE : sight.progress
    const value = row && pick(row.value)
    // What was not selected is no news, not even the time.
    return read([progress, value, row?.site, select ? undefined : row], () => ({
      ...progress,
      value,
      updatedAt: row?.timeMs,
      site: row?.site,
    }))
  })
}

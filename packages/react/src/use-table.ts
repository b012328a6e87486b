import type { OutputOf, ParamsOf, TableEntry, Topic } from '@spanwire/core'
import { useState } from 'react'
import { MEMBERS, ROWS } from './store/board.js'
import type { Filter } from './store/boards.js'
import { createMemory } from './store/memory.js'
import type { Progress } from './store/progress.js'
import { useGlance } from './use-glance.js'
import { useSelection } from './use-selection.js'

export interface TableOptions<C> {
  /** Only rows with these parameters. Default: all. */
  readonly params?: Partial<ParamsOf<C>>
  /** `false` subscribes to nothing. Default `true`. */
  readonly enabled?: boolean
  /** At most so many updates a second and row, thinned at the server. */
  readonly maxRate?: number
}

/**
 * All rows of a table. The same object until one changes. `loading`: not every reachable site gave its snapshot. A single row
 * says by its own `stale` that its site is lost.
 */
export type TableRows<Value, Params> = Progress & {
  /** In the order of their paths. */
  readonly rows: readonly TableEntry<Value, Params>[]
}

/**
 * The parameters of all rows of a `latest` topic, in the order of their paths: what a list maps to components, which read their
 * own row with `useLatest` and share this table. Changes only when a row comes or goes.
 */
export function useKeys<C extends Topic>(topic: C, options: TableOptions<C> = {}): readonly ParamsOf<C>[] {
  return useGlance(
    topic,
    filterOf(options),
    { ...options, place: MEMBERS },
    // The table read them by the topic's template; boards do not know the type.
    (sight) => sight.members() as readonly ParamsOf<C>[],
  )
}

/** All rows at once, for sums and charts; draws again whenever any row changes, or, with `select`, when the selected part does. */
export function useTable<C extends Topic, Selected = TableRows<OutputOf<C>, ParamsOf<C>>>(
  topic: C,
  options: TableOptions<C> & {
    readonly select?: (table: TableRows<OutputOf<C>, ParamsOf<C>>) => Selected
    /** When two selected parts are the same. Default `Object.is`. */
    readonly isEqual?: (before: Selected, now: Selected) => boolean
  } = {},
): Selected {
  const [read] = useState(createMemory<TableRows<OutputOf<C>, ParamsOf<C>>>)
  const pick = useSelection(options.select, options.isEqual)
  return useGlance(topic, filterOf(options), { ...options, place: ROWS }, ({ progress, entries }) => {
    // As above: typed by the topic.
    const rows = entries() as readonly TableEntry<OutputOf<C>, ParamsOf<C>>[]
    return pick(read([progress, rows], () => ({ ...progress, rows })))
  })
}

function filterOf<C>({ params = {} }: TableOptions<C>): Filter {
  // Parameters are text, and those that are left out are not there.
  return params as Filter
}

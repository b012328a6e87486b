import type { MessagingError, OutputOf, ParamsOf, TableEntry, Topic } from '@spanwire/core'
import { useState } from 'react'
import { MEMBERS, type Phase, ROWS } from './store/board.js'
import { remember } from './store/remember.js'
import { type Aim, useGlance } from './use-glance.js'

export interface TableOptions<C> {
  /** Only rows with these parameters. Default: all. */
  readonly params?: Partial<ParamsOf<C>>
  /** `false` subscribes to nothing. Default `true`. */
  readonly enabled?: boolean
  /** At most so many updates a second and row, thinned at the server. */
  readonly maxRate?: number
}

/** All rows of a table. The same object until one changes. */
export interface TableRows<Value, Params> {
  /** In the order of their paths. */
  readonly rows: readonly TableEntry<Value, Params>[]
  /** `idle`: switched off. `loading`: not every reachable site gave its snapshot. `stale`: not kept up to date any more. A single row says by its own `stale` that its site is lost. */
  readonly status: 'idle' | 'loading' | 'live' | 'stale' | 'error'
  readonly error: MessagingError | undefined
}

/**
 * The parameters of all rows of a `latest` topic, in the order of their paths: what a list maps to components, which read their
 * own row with `useLatest` and share this table. Changes only when a row comes or goes.
 */
export function useKeys<C extends Topic>(topic: C, options: TableOptions<C> = {}): readonly ParamsOf<C>[] {
  const { params = {}, enabled = true, maxRate } = options
  const aim: Aim = { hook: 'useKeys', topic, filter: enabled ? params : undefined, maxRate, place: MEMBERS }
  // The table read them by the topic's template; boards do not know the type.
  return useGlance(aim, (sight) => sight.members() as readonly ParamsOf<C>[])
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
  type Rows = TableRows<OutputOf<C>, ParamsOf<C>>
  const { params = {}, enabled = true, maxRate, select, isEqual = Object.is } = options
  const [read] = useState(() =>
    remember((phase: Phase, rows: Rows['rows'], pick: ((table: Rows) => Selected) | undefined): Selected => {
      const table = tableOf(phase, rows)
      // Without `select` both types are one.
      return pick ? pick(table) : (table as unknown as Selected)
    }),
  )
  const aim: Aim = { hook: 'useTable', topic, filter: enabled ? params : undefined, maxRate, place: ROWS }
  // As above: typed by the topic.
  return useGlance(aim, (sight) => read(isEqual, sight.phase, sight.entries() as Rows['rows'], select))
}

function tableOf<Value, Params>(phase: Phase, rows: readonly TableEntry<Value, Params>[]): TableRows<Value, Params> {
  const status = { off: 'idle', loading: 'loading', live: 'live', stopped: 'stale', failed: 'error' } as const
  return Object.freeze({
    rows,
    status: status[phase.at],
    error: phase.at === 'failed' ? phase.error : undefined,
  })
}

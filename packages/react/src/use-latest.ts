import type { MessagingError, OutputOf, ParamsOf, TableEntry, Topic } from '@spanwire/core'
import { useState } from 'react'
import type { Phase } from './store/board.js'
import { remember } from './store/remember.js'
import { useGlance } from './use-glance.js'

/** The newest value under one path. The same object until something in it changes. */
export interface Latest<Value> {
  /** Absent while loading, and when nothing is published under these parameters. */
  readonly value: Value | undefined
  /**
   * `idle`: switched off. `loading`: no site gave its snapshot yet; a value is then the server's. `live`: kept up to date.
   * `stale`: the site that served it is lost and no other confirmed it since. `error`: see `error`; a value is the last one.
   */
  readonly status: 'idle' | 'loading' | 'live' | 'stale' | 'error'
  /** When it was published, Unix ms. */
  readonly updatedAt: number | undefined
  /** The site that served it. */
  readonly site: string | undefined
  readonly error: MessagingError | undefined
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
  const { enabled = true, maxRate, select, isEqual } = options
  const filter = enabled ? params : undefined
  const [read] = useState(() => remember(latestOf<OutputOf<C>, Selected>))
  const same = (before: Latest<Selected>, now: Latest<Selected>): boolean =>
    (select ?? isEqual) !== undefined && isSame(before, now, isEqual)
  return useGlance({ hook: 'useLatest', topic, filter, maxRate }, (sight, path) => {
    // The table gives what the topic's schema put out; boards do not know the type.
    const row = sight.row(path) as TableEntry<OutputOf<C>> | undefined
    return read(same, sight.phase, row, sight.isGiven(path), select)
  })
}

function latestOf<Value, Selected>(
  phase: Phase,
  row: TableEntry<Value> | undefined,
  given: boolean,
  select: ((value: Value) => Selected) | undefined,
): Latest<Selected> {
  return Object.freeze({
    // Without `select` both types are one.
    value: row && (select ? select(row.value) : (row.value as unknown as Selected)),
    status: statusOf(phase, row, given),
    updatedAt: row?.timeMs,
    site: row?.site,
    error: phase.at === 'failed' ? phase.error : undefined,
  })
}

function statusOf(phase: Phase, row: TableEntry | undefined, given: boolean): Latest<unknown>['status'] {
  if (phase.at === 'off') return 'idle'
  if (phase.at === 'failed') return 'error'
  if (phase.at === 'stopped') return row ? 'stale' : 'loading'
  if (row && !given) return row.stale ? 'stale' : 'live'
  return phase.at
}

function isSame<Value>(
  before: Latest<Value>,
  now: Latest<Value>,
  isEqual: (before: Value, now: Value) => boolean = Object.is,
): boolean {
  const { status, site, error } = now
  if (before.status !== status || before.site !== site || before.error !== error) return false
  if (before.value === undefined || now.value === undefined) return before.value === now.value
  return isEqual(before.value, now.value)
}

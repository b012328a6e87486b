import type { Table, TableEntry } from '@spanwire/core'
import { ensure } from './ensure.js'
import type { Later } from './flush.js'
import { follow } from './follow.js'
import { LIVE, LOADING, type Progress } from './progress.js'
import type { Hold } from './shared.js'

/** Told when a row comes or goes. */
export const MEMBERS: unique symbol = Symbol()
/** Told when any row changes. */
export const ROWS: unique symbol = Symbol()

/** What a listener hears of: one path, or all members, or all rows. */
export type Place = string | typeof MEMBERS | typeof ROWS

/** What a reader sees. */
export interface Sight {
  /** `stale`: nobody holds it any more, so what it shows is from then. */
  readonly progress: Progress
  row(path: string): TableEntry | undefined
  /** Parameters of all rows in the order of their paths; the same array until a row comes or goes. */
  members(): readonly TableEntry['params'][]
  /** All rows in the order of their paths; the same array until one changes. */
  entries(): readonly TableEntry[]
}

export interface Board extends Sight {
  /** Keeps the table open. */
  readonly hold: Hold
  readonly listeners: ReadonlyMap<Place, ReadonlySet<() => void>>
  /** Tells when the place or the progress changes. */
  listen(place: Place, listener: () => void): () => void
}

/** Empty sights are all the same: a reader that finds its board draws nothing for it. */
const NONE: readonly never[] = []

/** A sight that never changes. */
export function still(progress: Progress, rows: readonly TableEntry[] = NONE): Sight {
  const members = rows.length > 0 ? rows.map((row) => row.params) : NONE
  return { progress, row: (path) => rows.find((row) => row.path === path), members: () => members, entries: () => rows }
}

/** How a board gets its table, and whom it tells that it is done with it. */
export interface Wire {
  /** The table stops with the signal. */
  open(signal: AbortSignal): Table
  ended(): void
}

/**
 * What the page knows of one table: a copy that moves only in a pass of `later`, so that everything drawn in between agrees. Begins with
 * the rows that came with the page, which leave when the table is complete without them. Rows are bounded by the table's
 * paths, listeners by what is mounted.
 */
export function createBoard(given: readonly TableEntry[], later: Later, wire: Wire): Board {
  const copy = copyOf(given)
  const listeners = new Map<Place, Set<() => void>>()
  const dirty = new Set<string>()
  let table: Table | undefined
  let next: Progress = LOADING

  const pass = (): void => {
    const places = new Set<Place>(board.progress === next ? [] : listeners.keys())
    for (const path of dirty) copy.move(path, table?.get(path), places)
    dirty.clear()
    board.progress = next
    for (const place of places) for (const listener of listeners.get(place) ?? []) listener()
  }
  const mark = (paths: Iterable<string>): void => {
    for (const path of paths) dirty.add(path)
    later(pass)
  }
  const board = {
    ...copy,
    progress: LOADING as Progress,
    listeners,
    listen: (place: Place, listener: () => void) => listenAt(listeners, place, listener),
    hold: follow<readonly string[]>({
      open(signal) {
        table = wire.open(signal)
        return [table.changes(), table.ready]
      },
      take: mark,
      enter(now) {
        next = now
        // All that the table has, so that no row is missing on a live board; and what only the page brought along leaves.
        const all = now === LIVE && table ? [...copy.entries(), ...new Map(table.entries()).values()] : []
        mark(all.map((row) => row.path))
      },
      ended() {
        table = undefined
        dirty.clear()
        wire.ended()
      },
    }),
  }
  return board
}

interface Copy extends Omit<Sight, 'progress'> {
  /** Takes what the path stands at now, and names the places that this changes. */
  move(path: string, row: TableEntry | undefined, places: Set<Place>): void
}

function copyOf(given: readonly TableEntry[]): Copy {
  const rows = new Map(given.map((row) => [row.path, row]))
  let entries: readonly TableEntry[] | undefined
  let members: readonly TableEntry['params'][] | undefined
  const copy: Copy = {
    row: (path) => rows.get(path),
    entries() {
      entries ??= rows.size > 0 ? [...rows.values()].sort(byPath) : NONE
      return entries
    },
    members() {
      members ??= rows.size > 0 ? copy.entries().map((row) => row.params) : NONE
      return members
    },
    move(path, row, places) {
      const before = rows.get(path)
      if (row === before) return
      places.add(path).add(ROWS)
      entries = undefined
      if (row) rows.set(path, row)
      else rows.delete(path)
      if (row && before) return
      places.add(MEMBERS)
      members = undefined
    },
  }
  return copy
}

function listenAt(listeners: Map<Place, Set<() => void>>, place: Place, listener: () => void): () => void {
  const here = ensure(listeners, place, () => new Set<() => void>()).add(listener)
  return () => {
    here.delete(listener)
    if (here.size === 0) listeners.delete(place)
  }
}

const byPath = (a: TableEntry, b: TableEntry): number => (a.path < b.path ? -1 : 1)

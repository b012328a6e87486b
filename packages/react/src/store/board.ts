import type { MessagingError, Table, TableEntry } from '@spanwire/core'
import { failure } from './failure.js'
import type { Later } from './flush.js'
import { type Hold, shared } from './shared.js'

/** How far a board is. `off`: nothing is wanted. `stopped`: nobody holds it any more, so what it shows is from then. */
export type Phase =
  | { readonly at: 'off' | 'loading' | 'live' | 'stopped' }
  | { readonly at: 'failed'; readonly error: MessagingError }

/** What a reader sees. */
export interface Sight {
  readonly phase: Phase
  row(path: string): TableEntry | undefined
  /** The row came with the page: somebody else's picture, of some moment before. */
  isGiven(path: string): boolean
  /** Parameters of all rows in the order of their paths; the same array until a row comes or goes. */
  members(): readonly TableEntry['params'][]
  /** All rows in the order of their paths; the same array until one changes. */
  entries(): readonly TableEntry[]
}

/** Told when a row came or went. */
export const MEMBERS: unique symbol = Symbol('members')
/** Told when any row changed. */
export const ROWS: unique symbol = Symbol('rows')

/** How a board gets its table, and whom it tells that it is done with it. */
export interface Wire {
  open(): Table
  ended(): void
}

/** What a listener hears of: one path, or all members, or all rows. */
export type Place = string | typeof MEMBERS | typeof ROWS

/** Empty sights are all the same: a reader that finds its board draws nothing for it. */
export const NONE: readonly never[] = Object.freeze([])

const LOADING: Phase = { at: 'loading' }
const LIVE: Phase = { at: 'live' }
const STOPPED: Phase = { at: 'stopped' }

/**
 * What the page knows of one table: a copy that moves only in a pass of `later`, so that everything drawn in between
 * agrees. Rows are bounded by the table's paths, listeners by what is mounted.
 */
export class Board implements Sight {
  phase: Phase = LOADING
  /** Keeps the table open. */
  readonly hold: Hold
  readonly #rows: Map<string, TableEntry>
  /** Rows that came with the page and no site has confirmed yet. */
  readonly #given: ReadonlyMap<string, TableEntry>
  readonly listeners: Map<Place, Set<() => void>> = new Map()
  readonly #dirty = new Set<string>()
  readonly #later: Later
  #next: Phase | undefined
  #table: Table | undefined
  #paths: readonly string[] | undefined
  #members: ReadonlyMap<string, TableEntry['params']> = new Map()
  #memberList: readonly TableEntry['params'][] = []
  #entries: readonly TableEntry[] | undefined

  constructor(given: ReadonlyMap<string, TableEntry>, later: Later, wire: Wire) {
    this.#given = given
    this.#rows = new Map(given)
    this.#later = later
    this.hold = shared(() => {
      this.#follow(wire)
      return () => {
        wire.ended()
        const table = this.#table
        this.#table = undefined
        this.#enter(STOPPED)
        // Nobody is left who could be told that stopping failed.
        table?.stop().catch(() => {})
      }
    })
  }

  row(path: string): TableEntry | undefined {
    return this.#rows.get(path)
  }

  isGiven(path: string): boolean {
    const given = this.#given.get(path)
    return given !== undefined && given === this.#rows.get(path)
  }

  members(): readonly TableEntry['params'][] {
    this.#sorted()
    return this.#memberList
  }

  entries(): readonly TableEntry[] {
    this.#entries ??= this.#rows.size > 0 ? this.#sorted().flatMap((path) => this.#rows.get(path) ?? []) : NONE
    return this.#entries
  }

  /** Tells when `place` (a path, or one of the symbols) changes, and when the phase does. */
  listen(place: Place, listener: () => void): () => void {
    const listeners = this.listeners.get(place) ?? new Set()
    this.listeners.set(place, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.listeners.get(place) === listeners) this.listeners.delete(place)
    }
  }

  #follow(wire: Wire): void {
    try {
      const table = wire.open()
      this.#table = table
      this.#arrive(table).catch((error) => this.#fail(table, error))
      this.#pull(table).catch((error) => this.#fail(table, error))
    } catch (error) {
      this.#enter({ at: 'failed', error: failure(error) })
    }
  }

  #fail(table: Table, error: unknown): void {
    if (this.#table === table) this.#enter({ at: 'failed', error: failure(error) })
  }

  async #arrive(table: Table): Promise<void> {
    await table.ready
    if (this.#table !== table) return
    // All that the table has, so that no row is missing on a live board; and what only the page brought along leaves.
    for (const path of this.#rows.keys()) this.#dirty.add(path)
    for (const [path] of table.entries()) this.#dirty.add(path)
    this.#enter(LIVE)
  }

  async #pull(table: Table): Promise<void> {
    for await (const paths of table.changes()) {
      if (this.#table !== table) return
      for (const path of paths) this.#dirty.add(path)
      this.#later(this.#pass)
    }
    if (this.#table === table) this.#enter(STOPPED)
  }

  #enter(phase: Phase): void {
    this.#next = phase
    this.#later(this.#pass)
  }

  readonly #pass = (): void => {
    const places = this.#take()
    if (this.#next) {
      this.phase = this.#next
      this.#next = undefined
      for (const place of this.listeners.keys()) places.add(place)
    }
    for (const place of places) for (const listener of this.listeners.get(place) ?? []) listener()
  }

  #take(): Set<Place> {
    const places = new Set<Place>()
    for (const path of this.#dirty) {
      const entry = this.#table?.get(path)
      const before = this.#rows.get(path)
      if (!this.#table || entry === before) continue
      places.add(path)
      if (entry) this.#rows.set(path, entry)
      else this.#rows.delete(path)
      if (!entry || !before) places.add(MEMBERS)
    }
    this.#dirty.clear()
    if (places.has(MEMBERS)) this.#paths = undefined
    if (places.size > 0) this.#entries = undefined
    if (places.size > 0) places.add(ROWS)
    return places
  }

  #sorted(): readonly string[] {
    if (this.#paths) return this.#paths
    const before = this.#members
    this.#paths = [...this.#rows.keys()].sort()
    // The first parameters of a path stay: a memoised row that is handed them must not be drawn again for a neighbour.
    this.#members = new Map(this.#paths.map((path) => [path, before.get(path) ?? this.#rows.get(path)?.params ?? {}]))
    this.#memberList = this.#paths.length > 0 ? [...this.#members.values()] : NONE
    return this.#paths
  }
}

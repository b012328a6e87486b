import { type Client, matchesPath, type TableEntry, type Topic } from '@spanwire/core'
import { Board } from './board.js'
import type { Later } from './flush.js'

/** Some of a topic's parameters; what is left out matches all. */
export type Filter = Readonly<Record<string, string>>

/** Rows that came with the page, by the topic's template. */
export type Given = Readonly<Record<string, readonly TableEntry[]>>

/** Which rows somebody wants to see. */
export interface Want {
  readonly topic: Topic
  readonly filter: Filter
  /** The filter as a path, `*` where a parameter is left out. */
  readonly pattern: string
  /** All parameters are given: one row, which may come from any open table that has it. */
  readonly single: boolean
  /** Updates a second and row; counts for a table of its own. */
  readonly maxRate: number | undefined
}

/** What happens while it is held: `connect` is called with the board, and what it returned at the end. */
export type Connect = (board: Board) => () => void

interface Open {
  readonly board: Board
  readonly pattern: string
}

interface Opened {
  readonly byId: Map<string, Board>
  /** Those that hold many rows: a single row joins one of them instead of opening a table of its own. */
  readonly wide: Set<Open>
}

/** All tables of a page: one for each topic, filter and rate that is wanted, for as long as it is. */
export class Boards {
  readonly #client: () => Client
  readonly #given: Given
  readonly #later: Later
  readonly #opened = new Map<Topic, Opened>()
  readonly #resting = new Map<string, Board>()
  readonly #waiting = new Map<() => void, Want>()

  constructor(client: () => Client, given: Given, later: Later) {
    this.#client = client
    this.#given = given
    this.#later = later
  }

  /** Open tables. */
  get size(): number {
    return [...this.#opened.values()].reduce((sum, { byId }) => sum + byId.size, 0)
  }

  /** What the page brought along: what a server renders and a page starts from. Never opened. At most one for each filter of a topic that was given. */
  resting(want: Want): Board {
    const id = this.#given[want.topic.template] ? `${want.topic.template} ${want.pattern}` : ''
    const resting = this.#resting.get(id) ?? this.#board(want, () => {})
    this.#resting.set(id, resting)
    return resting
  }

  /** The open board that shows all that is wanted, if there is one. */
  find(want: Want): Board | undefined {
    const opened = this.#opened.get(want.topic)
    if (want.single)
      for (const { board, pattern } of opened?.wide ?? []) if (matchesPath(pattern, want.pattern)) return board
    return opened?.byId.get(idOf(want))
  }

  /**
   * Finds or opens the board at the end of the running task, when all that mounts with it has said what it wants too:
   * then rows find the table of their list, and a double effect asks once.
   */
  attach(want: Want, connect: Connect): () => void {
    let release: (() => void) | undefined
    const admit = (): void => {
      const board = this.find(want) ?? this.#open(want)
      const letGo = board.hold()
      const disconnect = connect(board)
      release = () => {
        disconnect()
        letGo()
      }
    }
    if (this.#waiting.size === 0) queueMicrotask(this.#admit)
    this.#waiting.set(admit, want)
    return () => {
      this.#waiting.delete(admit)
      release?.()
      release = undefined
    }
  }

  readonly #admit = (): void => {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [admit, want] of waiting) if (!want.single) admit()
    for (const [admit, want] of waiting) if (want.single) admit()
  }

  #open(want: Want): Board {
    const opened = this.#opened.get(want.topic) ?? { byId: new Map(), wide: new Set() }
    this.#opened.set(want.topic, opened)
    const id = idOf(want)
    const board = this.#board(want, () => {
      opened.byId.delete(id)
      opened.wide.delete(entry)
      if (opened.byId.size === 0) this.#opened.delete(want.topic)
    })
    const entry = { board, pattern: want.pattern }
    opened.byId.set(id, board)
    if (!want.single) opened.wide.add(entry)
    return board
  }

  #board({ topic, filter, pattern, maxRate }: Want, ended: () => void): Board {
    const given = this.#given[topic.template]?.filter(({ path }) => matchesPath(pattern, path)) ?? []
    const open = () => this.#client().table(topic, filter, maxRate === undefined ? {} : { maxRate })
    return new Board(new Map(given.map((row) => [row.path, row])), this.#later, { open, ended })
  }
}

const idOf = ({ pattern, maxRate }: Want): string => `${pattern} ${maxRate}`

import { matchesPath, type TableEntry, type Topic, table } from '@spanwire/core'
import { type Board, createBoard, type Place, type Sight, still } from './board.js'
import { LOADING } from './progress.js'
import type { Store } from './store.js'

/** Some of a topic's parameters; what is left out matches all. */
export type Filter = Readonly<Record<string, string>>

/** Rows that came with the page, by the topic's template. */
export type Given = Readonly<Record<string, readonly TableEntry[]>>

/** Which rows somebody wants to see. */
export interface Want {
  readonly topic: Topic
  readonly filter: Filter
  /** The filter as a path, `*` where a parameter is left out. */
  readonly path: string
  /** All parameters are given: one row, which may come from any open table that has it. */
  readonly single: boolean
  /** Updates a second and row; counts for a table of its own. */
  readonly maxRate: number | undefined
}

/** All tables of a page: one for each topic, filter and rate that is wanted, for as long as it is. */
export interface Boards {
  /** What the page brought along: what a server renders, and a page until it is attached. */
  resting(want: Want): Sight
  /** The open board that shows all that is wanted, if there is one. */
  find(want: Want): Board | undefined
  /**
   * Finds or opens the board at the end of the running task, when all that mounts with it has said what it wants too:
   * then rows find the table of their list, and a double effect asks once. `see` is called then, and whenever the place
   * changes. The result ends it and must be called once.
   */
  attach(want: Want, place: Place, see: (board: Board) => void): () => void
}

export function createBoards({ client, given, later }: Store): Boards {
  const open = new Map<Want, Board>()
  const enterSoon = createEntrance()

  const rowsOf = ({ topic, path }: Want): readonly TableEntry[] | undefined =>
    given[topic.template]?.filter((row) => matchesPath(path, row.path))
  const start = (want: Want): Board => {
    const { topic, filter, maxRate } = want
    const board = createBoard(rowsOf(want) ?? [], later, {
      open: (signal) => table(client(), topic, filter, { signal, ...(maxRate && { maxRate }) }),
      ended: () => open.delete(want),
    })
    open.set(want, board)
    return board
  }
  const boards: Boards = {
    resting: (want) => still(LOADING, rowsOf(want)),
    find({ topic, path, single, maxRate }) {
      for (const [at, board] of open)
        if (at.topic === topic && (single ? matchesPath(at.path, path) : at.path === path && at.maxRate === maxRate))
          return board
      return undefined
    },
    attach(want, place, see) {
      let leave = enterSoon(want, () => {
        const board = boards.find(want) ?? start(want)
        const look = (): void => see(board)
        const letGo = board.hold()
        const quiet = board.listen(place, look)
        leave = () => {
          quiet()
          letGo()
        }
        look()
      })
      return () => leave()
    },
  }
  return boards
}

/** Calls at the end of the running task, lists before single rows. The result takes it back. Bounded by what mounts in one task. */
function createEntrance(): (want: Want, enter: () => void) => () => void {
  let waiting = new Map<() => void, Want>()
  const admit = (): void => {
    const all = [...waiting].sort(([, a], [, b]) => +a.single - +b.single)
    waiting = new Map()
    for (const [enter] of all) enter()
  }
  return (want, enter) => {
    if (waiting.size === 0) queueMicrotask(admit)
    waiting.set(enter, want)
    return () => void waiting.delete(enter)
  }
}

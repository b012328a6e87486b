import { type Place, type Sight, still } from './board.js'
import type { Boards, Want } from './boards.js'
import type { Progress } from './progress.js'

/** One mounted reader of a board. Made in render; an effect attaches it. */
export interface Glance {
  /** Of what is read, when it is one row. */
  readonly path: string
  /** What a server renders, and a page until it is attached. */
  readonly first: Sight
  /** What is read now. When the reader has gone it keeps what it had last. */
  now: Sight
  readonly subscribe: (listener: () => void) => () => void
}

export function glanceAt(boards: Boards, want: Want, place: Place): Glance {
  const first = boards.resting(want)
  const glance: Glance = {
    path: want.path,
    first,
    now: boards.find(want) ?? first,
    subscribe: (listener) =>
      boards.attach(want, place, (board) => {
        glance.now = board
        // On attaching too: it may have moved since the render.
        listener()
      }),
  }
  return glance
}

/** The reader of nothing. */
export function glanceAtNothing(progress: Progress): Glance {
  const first = still(progress)
  return { path: '', first, now: first, subscribe: () => () => {} }
}

import { NONE, type Phase, type Place, type Sight } from './board.js'
import type { Boards, Want } from './boards.js'

/** One mounted reader of a board. Made in render; an effect attaches it. */
export interface Glance {
  /** What a server renders, and a page until it is attached. */
  readonly first: Sight
  /** What is read now. When the reader has gone it keeps what it had last. */
  now: Sight
  readonly subscribe: (listener: () => void) => () => void
}

export function glanceAt(boards: Boards, want: Want, place: Place): Glance {
  const first = boards.resting(want)
  const glance: Glance = {
    first,
    now: boards.find(want) ?? first,
    subscribe: (listener) =>
      boards.attach(want, (board) => {
        glance.now = board
        const quiet = board.listen(place, listener)
        // It may have moved since the render.
        listener()
        return quiet
      }),
  }
  return glance
}

/** The reader of nothing. */
export function glanceAtNothing(phase: Phase): Glance {
  const nothing: Sight = {
    phase,
    row: () => undefined,
    isGiven: () => false,
    members: () => NONE,
    entries: () => NONE,
  }
  return { first: nothing, now: nothing, subscribe: () => () => {} }
}

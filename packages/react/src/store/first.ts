import type { Topic } from '@spanwire/core'
import type { Boards, Want } from './boards.js'

/** A wait for a first value is begun anew by whoever still waits; a page that was left does not, and its subscription ends. */
const WAIT_MS = 5000

/**
 * Waits for the first value of a row, kept here because a component that suspends keeps nothing. Each wait holds its board
 * for at most `WAIT_MS`.
 */
export class Firsts {
  readonly #boards: Boards
  readonly #waits = new Map<Topic, Map<string, Promise<void>>>()

  constructor(boards: Boards) {
    this.#boards = boards
  }

  /** Resolves when the row has a value, its board failed, or the wait has passed. The same promise for the same row until then. */
  wait(want: Want): Promise<void> {
    const waits = this.#waits.get(want.topic) ?? new Map<string, Promise<void>>()
    this.#waits.set(want.topic, waits)
    const wait =
      waits.get(want.pattern) ??
      this.#begin(want).then(() => {
        waits.delete(want.pattern)
      })
    waits.set(want.pattern, wait)
    return wait
  }

  #begin(want: Want): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        letGo()
        resolve()
      }
      const timer = setTimeout(end, WAIT_MS)
      const letGo = this.#boards.attach(want, (board) => {
        const look = (): void => {
          if (board.row(want.pattern) || board.phase.at === 'failed') end()
        }
        const quiet = board.listen(want.pattern, look)
        // After the hold of this wait is known, so that it can be given back.
        queueMicrotask(look)
        return quiet
      })
    })
  }
}

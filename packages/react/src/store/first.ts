import type { Topic } from '@spanwire/core'
import type { Boards, Want } from './boards.js'
import { ensure } from './ensure.js'

/** A wait for a first value is begun anew by whoever still waits; a page that was left does not, and its subscription ends. */
const WAIT_MS = 5000

/** Waits by topic and path. */
type Waits = Map<Topic, Map<string, Promise<void>>>

/** Of each page; a component that suspends keeps nothing. Waits end by themselves. */
const pages = new WeakMap<Boards, Waits>()

/**
 * Waits for the first value of a row. Resolves when there is one, when there never can be, or after `WAIT_MS`; the same
 * promise for the same row until then.
 */
export function firstOf(boards: Boards, want: Want): Promise<void> {
  const waits: Waits = pages.get(boards) ?? new Map()
  pages.set(boards, waits)
  const ofTopic = ensure(waits, want.topic, () => new Map<string, Promise<void>>())
  const wait =
    ofTopic.get(want.path) ??
    new Promise<void>((resolve) => {
      const end = (): void => {
        if (!ofTopic.delete(want.path)) return
        clearTimeout(timer)
        letGo()
        resolve()
      }
      const timer = setTimeout(end, WAIT_MS)
      const letGo = boards.attach(want, want.path, (board) => {
        if (board.row(want.path) || board.progress.error) end()
      })
    })
  ofTopic.set(want.path, wait)
  return wait
}

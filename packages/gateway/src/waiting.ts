import type { Piece } from './encoded.js'

export interface Bound {
  readonly messages: number
  readonly bytes: number
}

/** May so many messages and bytes go out now? */
export type Fits = (count: number, bytes: number) => boolean

/** What waits for one client. Bounded: beyond, the oldest goes and is counted. */
export interface Waiting {
  readonly empty: boolean
  /** Taking this in would drop something. */
  overflows(piece: Piece): boolean
  /** Takes it in. `keep`: drop nothing, since upstream waits for us instead. */
  push(piece: Piece, keep?: boolean): void
  /** The next piece to go out; `undefined` when nothing waits or not even one message fits. */
  take(fits: Fits): Piece | undefined
}

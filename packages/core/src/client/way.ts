import type { Attachment } from '../session/attachment.js'
import type { Taken } from './taken.js'

/** What a reading knows of one site. */
export interface Way {
  readonly site: string
  attachment: Attachment | undefined
  /** The last two taken here: a resume starts at the one before, and the first message must then be the last one (R23). */
  last: Taken | undefined
  before: Taken | undefined
  /** When `last` was taken, monotonic ms. */
  lastAt: number
  /** The id that must come first after a resume, or the log is another one. */
  expects: string | undefined
  caughtUp: boolean
  /** Monotonic ms; absent while not attached. */
  attachedAt: number | undefined
  /** Since when it has had nothing for us, monotonic ms; absent while the reader has no room. */
  idleSince: number | undefined
}

export function makeWay(site: string): Way {
  return {
    site,
    attachment: undefined,
    last: undefined,
    before: undefined,
    lastAt: 0,
    expects: undefined,
    caughtUp: false,
    attachedAt: undefined,
    idleSince: undefined,
  }
}

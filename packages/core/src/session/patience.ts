import { MessagingError } from '@spanwire/driver'
import { type Duration, toMs } from '../runtime/duration.js'

/** How long a link may be silent before what happens. In ms, ascending. */
export interface Patience {
  /** Asked for a sign of life. */
  readonly beatMs: number
  /** Suspected: the site is asked over a second connection, and the next site is made ready. */
  readonly suspectMs: number
  /** Given up: what runs over it goes elsewhere. */
  readonly downMs: number
}

/** The same as users write it. Silence is measured in steps of a quarter of what lies between `beat` and `suspect`. */
export interface HealthOptions {
  /** A link that said nothing for so long is asked for a sign of life. Default 1 s. */
  readonly beat?: Duration
  /** Silent for so long it is suspected: the site is tried over a second connection, and the next site made ready. Default 1.5 s. */
  readonly suspect?: Duration
  /** Silent for so long it is given up, and what it carried moves or fails at that moment. Default 2.5 s. */
  readonly down?: Duration
}

/** Throws `invalid` unless `beat < suspect < down`; `path` says whose options they are. */
export function patienceOf({ beat = 1_000, suspect = 1_500, down = 2_500 }: HealthOptions, path: string): Patience {
  const patience = {
    beatMs: toMs(beat, `${path}.beat`),
    suspectMs: toMs(suspect, `${path}.suspect`),
    downMs: toMs(down, `${path}.down`),
  }
  const { beatMs, suspectMs, downMs } = patience
  if (beatMs > 0 && beatMs < suspectMs && suspectMs < downMs) return patience
  throw new MessagingError(
    'invalid',
    `${path}: beat (${beatMs} ms), suspect (${suspectMs} ms) and down (${downMs} ms) must ascend`,
  )
}

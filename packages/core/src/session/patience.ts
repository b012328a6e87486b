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
  /** Silence is measured in such steps. */
  readonly stepMs: number
}

/** The same as users write it. Silence is measured in steps of a quarter of what lies between `beat` and `suspect`, an eighth with a warm standby. */
export interface HealthOptions {
  /** A link that said nothing for so long is asked for a sign of life. Default 1 s. */
  readonly beat?: Duration
  /** Silent for so long it is suspected: the site is tried over a second connection, and the next site made ready. Default 1.5 s. */
  readonly suspect?: Duration
  /** Silent for so long it is given up, and what it carried moves or fails at that moment. Default 2.5 s. */
  readonly down?: Duration
}

/** `path` says whose options they are; `steps`: how many lie between `beat` and `suspect`. Throws `invalid` unless `beat < suspect < down`. */
export function patienceOf(
  { beat = 1_000, suspect = 1_500, down = 2_500 }: HealthOptions,
  path: string,
  steps = 4,
): Patience {
  const beatMs = toMs(beat, `${path}.beat`)
  const suspectMs = toMs(suspect, `${path}.suspect`)
  const downMs = toMs(down, `${path}.down`)
  if (beatMs > 0 && beatMs < suspectMs && suspectMs < downMs)
    return { beatMs, suspectMs, downMs, stepMs: (suspectMs - beatMs) / steps }
  throw new MessagingError(
    'invalid',
    `${path}: beat (${beatMs}), suspect (${suspectMs}) and down (${downMs} ms) must ascend`,
  )
}

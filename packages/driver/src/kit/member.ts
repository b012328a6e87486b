import type { MessagingError } from '@spanwire/driver'

/** Who hears of a link's end, before the link says so to others. */
export interface Member {
  /** `error`: why later calls fail. `lost`: what was under way ends with. */
  end(error: MessagingError, lost: MessagingError): void
  /** The link is about to be closed: writes out what was reported done, gives back what is not its own. */
  leave?(signal: AbortSignal): Promise<void>
}

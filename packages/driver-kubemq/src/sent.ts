/** Ids that are remembered of a channel: of what was sent longer ago the server has long stored all. */
const MAX_SENT = 1_024

/** What a link knows of a stored channel. */
export class Log {
  hasEvents = false
  /** What this link has sent, by event id, and as its how manieth, the oldest first. */
  readonly #sent = new Map<string, number>()
  #count = 0

  /** So much has this link sent. */
  get count(): number {
    return this.#count
  }

  /** This link has sent it. */
  sent(eventId: string): void {
    this.hasEvents = true
    this.#count += 1
    this.#sent.delete(eventId)
    this.#sent.set(eventId, this.#count)
    const [oldest] = this.#sent.keys()
    if (this.#sent.size > MAX_SENT && oldest !== undefined) this.#sent.delete(oldest)
  }

  /** Whether it is of the first so many that this link has sent. */
  isOfFirst(count: number, eventId: string): boolean {
    return (this.#sent.get(eventId) ?? Number.POSITIVE_INFINITY) <= count
  }
}

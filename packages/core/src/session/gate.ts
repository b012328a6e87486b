/** Wants in. */
export interface Guest {
  /** A place is its own; false: it has no use for one any more. */
  enter(gate: Gate): boolean
}

/** Lets so many in at a time, the others in the order in which they came: what each needs inside is dear, and thousands may want in at once. */
export class Gate {
  #free: number
  /** Bounded by who subscribes. */
  readonly #waiting: Guest[] = []
  /** Not aborted, of those who have been in, for those who come next: a signal is dear, and each serves for a moment. As many as were in at once. */
  readonly signals: AbortController[] = []

  constructor(places: number) {
    this.#free = places
  }

  /** Enters now, or in its turn. */
  admit(guest: Guest): void {
    if (this.#free === 0) this.#waiting.push(guest)
    else if (guest.enter(this)) this.#free -= 1
  }

  /** Gives a place back. */
  leave(): void {
    while (this.#waiting.length > 0) if (this.#waiting.shift()?.enter(this)) return
    this.#free += 1
  }
}

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
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      if (next.enter(this)) return
    this.#free += 1
  }
}

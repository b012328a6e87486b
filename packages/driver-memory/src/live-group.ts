import type { Listener } from './audience.js'
import type { Entry } from './entry.js'
import type { Gate } from './gate.js'
import { Reading } from './reading.js'
import type { Seat } from './store.js'

/** A group on a live topic: each message goes to one of those who are there, in turn. It keeps no place when nobody is. */
export class LiveGroup implements Listener {
  readonly #gate: Gate
  readonly #onEmpty: () => void
  readonly #members: Reading[] = []
  #turn = 0

  constructor(gate: Gate, onEmpty: () => void) {
    this.#gate = gate
    this.#onEmpty = onEmpty
  }

  push(entry: Entry): void {
    this.#members[this.#turn++ % this.#members.length]?.push(entry)
  }

  /** What the member has not pulled when it leaves goes to the others. */
  join(seat: Seat): Reading {
    const { flow, beatMs } = seat
    const member = new Reading(this.#gate, {
      flow,
      beatMs,
      filter: undefined,
      snapshot: [],
      waits: false,
      leave: (reading, unpulled) => {
        this.#leave(reading, unpulled)
        seat.leave(reading)
      },
    })
    this.#members.push(member)
    return member
  }

  get size(): number {
    return this.#members.length
  }

  #leave(member: Reading, unpulled: readonly Entry[]): void {
    this.#members.splice(this.#members.indexOf(member), 1)
    if (this.#members.length === 0) this.#onEmpty()
    else for (const entry of unpulled) this.push(entry)
  }
}

import { MessagingError } from '@spanwire/driver'
import type { Lane } from './lane.js'
import type { Departure, Ending } from './message.js'
import type { Surroundings } from './surroundings.js'

const DONE: Ending = { by: 'done' }

/** How departures end: once, and never as failed when an attempt was ambiguous. */
export class Settling {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Settles a departure as soon as its end is certain (R17, R21). */
  conclude(lane: Lane, departure: Departure): void {
    const ending = departure.settled ? undefined : this.#endingOf(lane, departure)
    if (ending !== undefined) this.end(lane, departure, ending)
  }

  /** `undefined`: an attempt is still open. */
  #endingOf(lane: Lane, departure: Departure): Ending | undefined {
    const stored = departure.stored.length
    if (stored >= lane.needed) return DONE
    if (departure.open > 0) return undefined
    if (stored > 0 || departure.ambiguous) return { by: 'unknown', error: departure.error }
    return { by: 'failed', error: departure.error ?? this.late(departure) }
  }

  end(lane: Lane, departure: Departure, ending: Ending): void {
    const { letter } = departure
    if (ending.by === 'failed' && letter.seq === 0) this.#around.room.leave(departure)
    else if (ending.by === 'failed' && lane.source !== undefined) this.#around.voided(lane.source, letter.seq)
    departure.settle(ending)
  }

  /** Never taken by anybody, and why. */
  late(departure: Departure): MessagingError {
    return new MessagingError(
      'unavailable',
      `no site took it in time: ${departure.error?.message ?? this.#around.reasons()}`,
    )
  }
}

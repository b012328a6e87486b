import { setImmediate, setTimeout } from 'node:timers/promises'

/** What a stall held back is caught up with at most so much at once; the rest of it is never sent. */
const CATCH_UP_MS = 50
/** Then whatever else waits in the process has its turn. */
const MAX_A_TURN = 256
/** How soon to look again when there is no room. */
const LOOK_MS = 2
const MAX_WAIT_MS = 100

/** How many may go now, at so many a second. Whole ones are spent, fractions are kept, so that the mean is exact. */
export class Pace {
  readonly #perMs: number
  readonly #most: number
  #credit = 1
  #at: number

  /** `rate`: a second; 0: no limit. */
  constructor(rate: number, nowMs: number) {
    this.#perMs = rate === 0 ? Number.POSITIVE_INFINITY : rate / 1_000
    this.#most = Math.max(1, this.#perMs * CATCH_UP_MS)
    this.#at = nowMs
  }

  due(nowMs: number): number {
    if (nowMs > this.#at) this.#credit = Math.min(this.#most, this.#credit + (nowMs - this.#at) * this.#perMs)
    this.#at = nowMs
    return Math.floor(this.#credit)
  }

  spend(count: number): void {
    this.#credit -= count
  }

  /** Until the next may go, in ms. */
  get waitMs(): number {
    return this.#credit >= 1 ? 0 : (1 - this.#credit) / this.#perMs
  }
}

export interface PaceOptions {
  /** A second; 0: as fast as `room` allows. */
  readonly rate: number
  /** 0: until the signal. */
  readonly count: number
  readonly signal: AbortSignal
  /** How many more may be under way. */
  room(): number
}

/** Calls `go` with 0, 1, 2 ... at a rate. Resolves when all are gone or the signal aborts. */
export async function paced({ count, rate, room, signal }: PaceOptions, go: (index: number) => void): Promise<void> {
  const pace = new Pace(rate, performance.now())
  const total = count === 0 ? Number.POSITIVE_INFINITY : count
  let index = 0
  while (!signal.aborted && index < total) {
    const free = room()
    const now = Math.min(pace.due(performance.now()), free, total - index, MAX_A_TURN)
    for (const end = index + now; index < end; index += 1) go(index)
    pace.spend(now)
    if (now === MAX_A_TURN) await setImmediate()
    else await wait(now >= free ? LOOK_MS : Math.min(pace.waitMs, MAX_WAIT_MS), signal)
  }
}

/** Waits, and no longer than until the signal. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}

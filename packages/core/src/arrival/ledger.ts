import type { Lane } from './lane.js'
import { each } from './window.js'

/** A message as it came from a site. */
export interface Arrived<M> {
  /** `undefined`: foreign. */
  readonly source: string | undefined
  /** Meaningless when foreign. */
  readonly seq: number
  /** The publisher's stamp, Unix ms. */
  readonly timeMs: number
  /** Not the first attempt. */
  readonly again: boolean
  readonly site: string
  /** What it weighs while it is held. */
  readonly bytes: number
  /** What is given, untouched. */
  readonly message: M
  /** The engine's id of a foreign message, if it has one. */
  readonly id?: string | undefined
}

/** Shared, frozen objects. */
export interface Flags {
  /** A later one of the same source was given before. */
  readonly late: boolean
  /** Too old to tell whether it was given before. */
  readonly uncertain: boolean
  /** Not the first attempt. */
  readonly again: boolean
}

/** `missing`: every site had its say. `forgotten`, `limit`: a bound was reached, so it is said early. */
export type GapReason = 'missing' | 'site-unreachable' | 'forgotten' | 'limit'

/** Where a subscription's messages and its news about them go. Called from within `take`, `refused`, `mark`, `tick`; must not throw or call back. */
export interface ArrivalSink<M> {
  give(message: M, flags: Flags): void
  /** Not given: it was before, or waits for its turn. */
  repeated?(message: M): void
  /** These did not come. Each number is reported once. */
  gap(gap: { readonly source: string; readonly first: number; readonly last: number; readonly reason: GapReason }): void
  /** A reported one came after all (it is given next, `late`), or turned out to be void. */
  closed(at: { readonly source: string; readonly seq: number }): void
}

/** What the lanes of one subscription go by. Durations in ms. */
export interface Rules {
  readonly order: 'strict' | 'arrival' | 'newest'
  /** The duty begins with what was published from then on (R27), Unix ms. */
  readonly startWallMs: number
  /** Are gaps reported at all (R38)? */
  readonly gaps: boolean
  readonly holdMs: number
  readonly reportMs: number
  readonly heldMessages: number
  readonly heldBytes: number
  readonly openGaps: number
}

/** Messages are held behind it, until `atMs` + hold at the latest. */
export interface Hole<M> {
  readonly lane: Lane<M>
  readonly last: number
  readonly atMs: number
}

/** Owed, noticed missing at `atMs`, and not reported yet. `left` of them are still missing; they were sent at `sinceMs` (Unix, by their publisher) or later. */
export interface Gap<M> {
  readonly lane: Lane<M>
  readonly first: number
  readonly last: number
  readonly atMs: number
  readonly sinceMs: number
  left: number
}

/** What the lanes of one subscription share: what is held and missing, oldest first, the counts, and the way out. */
export class Ledger<M> {
  readonly rules: Rules
  readonly sink: ArrivalSink<M>
  // Both made for the first: thousands of subscriptions hold and miss nothing.
  holes: Set<Hole<M>> | undefined
  gaps: Set<Gap<M>> | undefined
  received = 0
  duplicates = 0
  dropped = 0
  reported = 0
  held = 0
  heldBytes = 0

  constructor(rules: Rules, sink: ArrivalSink<M>) {
    this.rules = rules
    this.sink = sink
  }

  give(arrived: Arrived<M>, late: boolean, uncertain: boolean): void {
    const plain = !late && !uncertain && !arrived.again
    this.sink.give(arrived.message, plain ? PLAIN : flags(late, uncertain, arrived.again))
  }

  repeat(arrived: Arrived<M>): void {
    this.duplicates++
    this.sink.repeated?.(arrived.message)
  }

  /** From now on these are looked for. */
  notice(lane: Lane<M>, first: number, last: number, atMs: number): void {
    if (!this.rules.gaps) return
    const gap = { lane, first, last, atMs, sinceMs: lane.timeMs, left: last - first + 1 }
    const { gaps } = lane.troubled()
    gaps.splice(place(gaps, first), 0, gap)
    this.gaps ??= new Set()
    this.gaps.add(gap)
    for (const oldest of this.gaps) {
      if (this.gaps.size <= this.rules.openGaps) break
      this.report(oldest, 'limit')
    }
  }

  /** An owed one came late, or is void. */
  fill(lane: Lane<M>, seq: number): void {
    if (!this.rules.gaps) return
    const gaps = lane.trouble?.gaps ?? []
    const gap = gaps[place(gaps, seq)]
    if (gap && gap.first <= seq) {
      if (--gap.left === 0) this.#remove(gap)
    } else {
      this.reported--
      this.sink.closed({ source: lane.source, seq })
    }
  }

  /** Says what of it is missing. */
  report(gap: Gap<M>, reason: GapReason): void {
    this.#remove(gap)
    this.#say(gap, gap.lane.window.missing(gap.first, gap.last), reason)
  }

  /** What fell below the floor of its window cannot be followed any longer: it is reported while it is known. */
  lose(lane: Lane<M>): void {
    const lost = lane.window.lost ?? []
    lane.window.lost = undefined
    for (const gap of lane.trouble?.gaps.slice() ?? []) {
      if (gap.first > lane.window.floor) break
      this.#say(gap, clip(lost, gap), 'limit')
      this.report(gap, 'limit')
    }
  }

  #say(gap: Gap<M>, runs: number[], reason: GapReason): void {
    each(runs, (first, last) => {
      this.reported += last - first + 1
      this.sink.gap({ source: gap.lane.source, first, last, reason })
    })
  }

  #remove(gap: Gap<M>): void {
    this.gaps?.delete(gap)
    const gaps = gap.lane.trouble?.gaps ?? []
    gaps.splice(gaps.indexOf(gap), 1)
    gap.lane.calm()
  }
}

const PLAIN: Flags = Object.freeze({ late: false, uncertain: false, again: false })
const FLAGS: readonly Flags[] = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
  Object.freeze({ late: (n & 1) > 0, uncertain: (n & 2) > 0, again: (n & 4) > 0 }),
)

/** One of the eight shared objects. */
function flags(late: boolean, uncertain: boolean, again: boolean): Flags {
  return FLAGS[(late ? 1 : 0) + (uncertain ? 2 : 0) + (again ? 4 : 0)] ?? PLAIN
}

/** Index of the first gap that ends at `seq` or behind it. */
function place<M>(gaps: readonly Gap<M>[], seq: number): number {
  let low = 0
  for (let high = gaps.length; low < high; ) {
    const middle = (low + high) >> 1
    if ((gaps[middle]?.last ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}

function clip(runs: readonly number[], to: { readonly first: number; readonly last: number }): number[] {
  const clipped: number[] = []
  each(runs, (first, last) => {
    if (last >= to.first && first <= to.last) clipped.push(Math.max(first, to.first), Math.min(last, to.last))
  })
  return clipped
}

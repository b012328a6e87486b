import { Foreign } from './foreign.js'
import { Sources } from './forget.js'
import { Lane, type SavedLane } from './lane.js'
import { type ArrivalSink, type Arrived, Ledger } from './ledger.js'

export type { ArrivalSink, Arrived, Flags } from './ledger.js'

export interface ArrivalOptions {
  readonly order: 'strict' | 'arrival' | 'newest'
  /** Live contracts report a gap after 2 s, others after 10 s. */
  readonly live: boolean
  /** When the subscription began: what was published from then on is owed (R27). Unix ms, by the site's clock. */
  readonly startWallMs: number
  /** Copies of what was sent before are not wanted (R27). */
  readonly fromNow: boolean
  /** False: no gap is ever reported (R38: groups, conflated, compacted). Newest has no such duty either. */
  readonly gaps: boolean
  /** How long strict waits for a missing message. Default 2 s. */
  readonly holdMs?: number
  /** The wall clock, asked when a source is met for the first time. Absent: no source counts as one from the future (R28). */
  readonly wall?: () => number
  readonly limits?: Partial<ArrivalLimits>
}

export interface ArrivalLimits {
  /** Sources remembered; then the one with the oldest last message is forgotten. Default 100,000. */
  readonly sources: number
  /** Of these, sources more than an hour ahead. Default 1,000. */
  readonly futureSources: number
  /** Messages held in one lane; then its oldest hole is given up. Default 1,000. */
  readonly heldMessages: number
  /** Bytes held in the subscription; then its oldest hole is given up. Default 16 MiB. */
  readonly heldBytes: number
  /** Gaps noticed and not reported yet; then the oldest is reported at once. Default 10,000. */
  readonly openGaps: number
}

export interface ArrivalStats {
  /** All that came. */
  readonly received: number
  readonly duplicates: number
  /** Neither given nor seen before: older than what was given (newest), or a copy from before the start. */
  readonly dropped: number
  /** Messages reported missing that did not come so far. */
  readonly gapsOpen: number
  /** Messages waiting for their turn now. */
  readonly held: number
}

/** What must survive a restart so that nothing is given twice (R37). Plain JSON. */
export interface ArrivalSnapshot {
  readonly forgottenMs: number
  readonly lanes: readonly SavedLane[]
}

/**
 * What stands between the sites and a subscription: each message once, in order where that is asked for, and news of
 * those that never came. Pure: no clock, no timer. `nowMs` is monotonic and never falls from call to call.
 */
export class Arrival<M> {
  readonly #options: ArrivalOptions
  readonly #ledger: Ledger<M>
  readonly #sources: Sources<Lane<M>>
  #foreign: Foreign | undefined
  /** Sum of our own stalls: deadlines are kept by a clock that stood still meanwhile (R36). */
  #stallMs = 0
  #allAttached = true

  constructor(options: ArrivalOptions, sink: ArrivalSink<M>) {
    const { order, live, startWallMs, holdMs = 2_000, limits = {} } = options
    const { heldMessages = 1_000, heldBytes = 16 * 2 ** 20, openGaps = 10_000 } = limits
    const reportMs = live ? 2_000 : 10_000
    const gaps = options.gaps && order !== 'newest'
    // In one literal: a copy with one more field gets a hidden class of its own, each time.
    const rules = { order, startWallMs, holdMs, reportMs, heldMessages, heldBytes, openGaps, gaps }
    const ledger = new Ledger<M>(rules, sink)
    this.#options = options
    this.#ledger = ledger
    this.#sources = new Sources({
      max: limits.sources ?? 100_000,
      maxFuture: limits.futureSources ?? 1_000,
      wall: options.wall,
      evict: (lane) => lane.dismiss(ledger),
    })
  }

  /** A message came: it is given now, later, or never. */
  take(arrived: Arrived<M>, nowMs: number): void {
    const ledger = this.#ledger
    ledger.received++
    const { source, again } = arrived
    const known = source === undefined ? undefined : this.#sources.get(source)
    if (source === undefined) this.#takeForeign(arrived, nowMs)
    else if (again && this.#isUnwanted(arrived, known)) ledger.dropped++
    else (known ?? this.#meet(source, arrived.timeMs)).take(arrived, nowMs - this.#stallMs, ledger)
  }

  /** The publisher says that these were refused for good: they leave no hole (R15). At most 65,536 count. */
  refused(source: string, first: number, last: number, nowMs: number): void {
    const end = Math.min(last, first + MAX_VOIDS - 1)
    this.#sources.get(source)?.refuse(first, end, nowMs - this.#stallMs, this.#ledger)
  }

  /** Is it known that all up to `high` exists? `undefined`: nothing is known of the source. */
  knows(source: string, high: number): boolean | undefined {
    return this.#sources.get(source)?.knows(high)
  }

  /** The publisher says that at `timeMs` all up to `high` was settled (R16, R33). To be called once the sites are read as far. */
  mark(source: string, high: number, timeMs: number, nowMs: number): void {
    if (!this.#ledger.rules.gaps) return
    const lane = this.#sources.get(source) ?? this.#meet(source, timeMs)
    lane.mark(high, timeMs, nowMs - this.#stallMs, this.#ledger)
  }

  /** The publisher ended. */
  end(source: string): void {
    const lane = this.#sources.get(source)
    if (lane) this.#sources.end(lane)
  }

  /**
   * Gives up holes and reports gaps whose time has come. To be called at {@link Arrival.nextDeadline}, and when
   * `allAttached` changes: every site that is listened to is attached and caught up.
   */
  tick(nowMs: number, allAttached: boolean): void {
    const ledger = this.#ledger
    this.#allAttached = allAttached
    for (const hole of ledger.holes ?? []) {
      if (this.#holdEnds(hole.atMs) > nowMs) break
      hole.lane.giveUp(ledger)
    }
    for (const gap of ledger.gaps ?? []) {
      if (this.#reportDue(gap.atMs) > nowMs) break
      ledger.report(gap, allAttached ? 'missing' : 'site-unreachable')
    }
  }

  /** The oldest of what is looked for was sent then or later, Unix ms by its publisher's clock; Infinity: nothing is. */
  get missingSinceMs(): number {
    let sinceMs = Infinity
    for (const gap of this.#ledger.gaps ?? []) sinceMs = Math.min(sinceMs, gap.sinceMs)
    return sinceMs
  }

  /** This process stood still: all deadlines move (R36). */
  stalled(byMs: number): void {
    this.#stallMs += byMs
  }

  /** When the next tick is due, monotonic ms; `undefined`: nothing is held or missing. */
  nextDeadline(): number | undefined {
    const times: number[] = []
    for (const hole of this.#ledger.holes ?? []) {
      times.push(this.#holdEnds(hole.atMs))
      break
    }
    for (const gap of this.#ledger.gaps ?? []) {
      times.push(this.#reportDue(gap.atMs))
      break
    }
    return times.length > 0 ? Math.min(...times) : undefined
  }

  /** What was given or held so far, without what the application has not handled yet: that is to come again. */
  snapshot(unhandled: Iterable<{ readonly source: string | undefined; readonly seq: number }> = []): ArrivalSnapshot {
    const back = new Map<string, number[]>()
    for (const { source, seq } of unhandled) {
      if (source === undefined) continue
      const seqs = back.get(source)
      if (seqs) seqs.push(seq)
      else back.set(source, [seq])
    }
    const lanes = [...this.#sources.all.values()].map((lane) => lane.save(back.get(lane.source) ?? []))
    return { forgottenMs: this.#sources.forgottenMs, lanes }
  }

  /** Takes up where a {@link Arrival.snapshot} was made. Before anything else. */
  restore(snapshot: ArrivalSnapshot, nowMs: number): void {
    this.#sources.forgottenMs = snapshot.forgottenMs
    for (const saved of snapshot.lanes) this.#sources.add(Lane.restore(saved, nowMs, this.#ledger))
  }

  /** By name; what they are is not told. */
  get sources(): ReadonlyMap<string, unknown> {
    return this.#sources.all
  }

  get stats(): ArrivalStats {
    const { received, duplicates, dropped, reported, held } = this.#ledger
    return { received, duplicates, dropped, gapsOpen: reported, held }
  }

  #takeForeign(arrived: Arrived<M>, nowMs: number): void {
    this.#foreign ??= new Foreign()
    if (this.#foreign.repeats(arrived.id, nowMs)) this.#ledger.repeat(arrived)
    else this.#ledger.give(arrived, false, false)
  }

  /** R27: an old copy below what is owed. First attempts never are: a slow clock makes them look old. */
  #isUnwanted(arrived: Arrived<M>, lane: Lane<M> | undefined): boolean {
    const { fromNow, startWallMs } = this.#options
    return fromNow && arrived.timeMs < startWallMs - GRACE_MS && (lane?.precedes(arrived.seq) ?? true)
  }

  #meet(source: string, timeMs: number): Lane<M> {
    const lane = new Lane<M>(source, timeMs, this.#sources.forgottenMs)
    this.#sources.add(lane)
    return lane
  }

  // One expression for both, so that a tick at the deadline never finds itself too early by a rounding.
  #holdEnds(atMs: number): number {
    return atMs + this.#ledger.rules.holdMs + this.#stallMs
  }

  #reportDue(atMs: number): number {
    return atMs + (this.#allAttached ? this.#ledger.rules.reportMs : UNREACHABLE_MS) + this.#stallMs
  }
}

const GRACE_MS = 5_000
const UNREACHABLE_MS = 60_000
const MAX_VOIDS = 65_536

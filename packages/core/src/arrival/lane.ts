import type { Arrived, Gap, Hole, Ledger } from './ledger.js'
import { each, Window } from './window.js'

/** What only lanes in trouble need. All three in ascending order of their numbers, holes also by age. */
interface Trouble<M> {
  /** Strict: what came ahead of its turn. */
  readonly held: Arrived<M>[]
  readonly holes: Hole<M>[]
  readonly gaps: Gap<M>[]
}

/** Source, time, doubt, next, owed, then the window. */
export type SavedLane = readonly [source: string, ...numbers: number[]]

/** The receiving state of one source in one subscription (R26-R35). Times of arrival are monotonic ms, without the stalls. */
export class Lane<M> {
  readonly source: string
  /** The highest stamp seen. */
  timeMs: number
  /** Sources with stamps up to here were forgotten before this lane began: what is not newer may have been given. */
  readonly doubtMs: number
  trouble: Trouble<M> | undefined
  readonly window: Window
  /** Strict: whose turn it is. Else one above the highest given. 0 before the first. */
  #next = 0
  /** All from here on must come or be reported; 0: nothing so far. */
  #owed = 0
  /** All from here on was sent after something that we were there for, whatever the clocks say; 0: nothing so far. */
  #wanted = 0
  /** The highest number that is known to exist: seen, void or marked. */
  #known: number

  constructor(source: string, timeMs: number, doubtMs: number, window: Window = new Window()) {
    this.source = source
    this.timeMs = timeMs
    this.doubtMs = doubtMs
    this.window = window
    this.#known = window.high
  }

  take(arrived: Arrived<M>, nowMs: number, ledger: Ledger<M>): void {
    const { seq, timeMs } = arrived
    const verdict = this.window.verdict(seq)
    if (verdict === 'duplicate') {
      ledger.repeat(arrived)
      return
    }
    const untold = verdict === 'uncertain'
    if (seq === this.#known + 1 && this.#owed > 0) this.#known = seq
    else if (!untold) this.#account(arrived, nowMs, ledger)
    // Not before: what is missing was sent after the one that stood highest so far.
    if (timeMs > this.timeMs) this.timeMs = timeMs
    if (this.window.lost) this.#lose(ledger)
    this.#place(arrived, untold || timeMs <= this.doubtMs, nowMs, ledger)
  }

  /** None of these will ever come (R15). */
  refuse(first: number, last: number, nowMs: number, ledger: Ledger<M>): void {
    this.#reach(first - 1, nowMs, ledger)
    for (let seq = first; seq <= last; seq++) {
      if (this.window.seen(seq)) continue
      this.window.verdict(seq)
      if (seq <= this.#known && this.#owed > 0 && seq >= this.#owed) ledger.fill(this, seq)
    }
    this.#known = Math.max(this.#known, last)
    if (this.window.lost) this.#lose(ledger)
    this.#drain(ledger)
  }

  /** At `timeMs` all up to `high` was settled (R33). */
  mark(high: number, timeMs: number, nowMs: number, ledger: Ledger<M>): void {
    this.#reach(high, nowMs, ledger)
    this.#want(high + 1)
    if (timeMs >= ledger.rules.startWallMs) this.#owe(high + 1, nowMs, ledger)
  }

  /** Is it known that this one exists? */
  knows(seq: number): boolean {
    return seq <= this.#known
  }

  /** The oldest hole is not waited for any longer. */
  giveUp(ledger: Ledger<M>): void {
    const hole = this.trouble?.holes[0]
    if (hole) this.#drain(ledger, hole.last)
  }

  /** No more is known of it after this: what is held is given, what is missing reported. */
  dismiss(ledger: Ledger<M>): void {
    while (this.trouble?.holes.length) this.giveUp(ledger)
    for (const gap of this.trouble?.gaps.slice() ?? []) ledger.report(gap, 'forgotten')
  }

  /** Is this an old copy that a subscription from now on was never promised (R27)? */
  precedes(seq: number): boolean {
    return this.#wanted === 0 || seq < this.#wanted
  }

  /** As if neither what is held nor `unhandled` had come (R37). */
  save(unhandled: readonly number[]): SavedLane {
    const back = [...unhandled, ...(this.trouble?.held ?? []).map((held) => held.seq)].sort((a, b) => a - b)
    const next = Math.min(this.#next, back[0] ?? this.#next)
    return [this.source, this.timeMs, this.doubtMs, next, this.#owed, ...this.window.save(back)]
  }

  /** What is missing is looked for again from now on. */
  static restore<M>(saved: SavedLane, nowMs: number, ledger: Ledger<M>): Lane<M> {
    const [source, timeMs = 0, doubtMs = 0, next = 0, owed = 0, ...window] = saved
    const lane = new Lane<M>(source, timeMs, doubtMs, Window.restore(window))
    lane.#next = next
    lane.#wanted = owed
    if (owed > 0) lane.#owe(owed, nowMs, ledger)
    return lane
  }

  /** Its trouble, made if there is none. */
  troubled(): Trouble<M> {
    this.trouble ??= { held: [], holes: [], gaps: [] }
    return this.trouble
  }

  /** Lets go of what is empty: most lanes have trouble once in a while, few all the time. */
  calm(): void {
    const trouble = this.trouble
    if (trouble && trouble.held.length + trouble.holes.length + trouble.gaps.length === 0) this.trouble = undefined
  }

  /** Is it owed, and what does its coming say about others? */
  #account(arrived: Arrived<M>, nowMs: number, ledger: Ledger<M>): void {
    const { seq } = arrived
    if (seq > this.#known) {
      this.#reach(seq - 1, nowMs, ledger)
      this.#known = seq
    } else if (this.#owed > 0 && seq >= this.#owed) ledger.fill(this, seq)
    if (arrived.again) return
    this.#want(seq)
    if (arrived.timeMs >= ledger.rules.startWallMs) this.#owe(seq, nowMs, ledger)
  }

  #want(seq: number): void {
    if (this.#wanted === 0 || seq < this.#wanted) this.#wanted = seq
  }

  /** All up to here exists: what of it is owed and above the highest known one is missing. */
  #reach(high: number, nowMs: number, ledger: Ledger<M>): void {
    const first = Math.max(this.#known + 1, this.#owed)
    if (this.#owed > 0 && first <= high) ledger.notice(this, first, high, nowMs)
    if (high > this.#known) this.#known = high
  }

  /** The duty begins here, if it did not begin below: what was optional so far and did not come is missing. */
  #owe(seq: number, nowMs: number, ledger: Ledger<M>): void {
    if (this.#owed > 0 && seq >= this.#owed) return
    const last = this.#owed > 0 ? Math.min(this.#owed - 1, this.#known) : this.#known
    this.#owed = seq
    if (seq <= last) each(this.window.missing(seq, last), (from, to) => ledger.notice(this, from, to, nowMs))
  }

  #lose(ledger: Ledger<M>): void {
    ledger.lose(this)
    while (this.#next <= this.window.floor && this.trouble?.holes.length) this.giveUp(ledger)
  }

  #place(arrived: Arrived<M>, uncertain: boolean, nowMs: number, ledger: Ledger<M>): void {
    const { seq } = arrived
    const { order } = ledger.rules
    const late = seq < this.#next
    if (order === 'strict' && this.#next > 0 && seq > this.#next) this.#hold(arrived, nowMs, ledger)
    else if (order === 'newest' && (late || uncertain)) ledger.dropped++
    else {
      if (!late) this.#next = seq + 1
      ledger.give(arrived, late, uncertain)
      if (!late && this.window.high > seq) this.#drain(ledger)
    }
  }

  /** Not its turn. The hole before it has one deadline, from the first message behind it (R30). */
  #hold(arrived: Arrived<M>, nowMs: number, ledger: Ledger<M>): void {
    const { rules } = ledger
    const { held, holes } = this.troubled()
    const { seq } = arrived
    const top = held[held.length - 1]?.seq ?? this.#next - 1
    if (seq > top + 1) {
      const hole = { lane: this, last: seq - 1, atMs: nowMs }
      holes.push(hole)
      ledger.holes ??= new Set()
      ledger.holes.add(hole)
    }
    let at = held.length
    while (at > 0 && (held[at - 1]?.seq ?? 0) > seq) at--
    held.splice(at, 0, arrived)
    ledger.held++
    ledger.heldBytes += arrived.bytes
    if (held.length > rules.heldMessages) this.giveUp(ledger)
    if (ledger.heldBytes > rules.heldBytes)
      for (const oldest of ledger.holes ?? []) {
        oldest.lane.giveUp(ledger)
        if (ledger.heldBytes <= rules.heldBytes) return
      }
  }

  /** Gives what is held and whose turn it is: all up to `last`, and from there on without a hole. */
  #drain(ledger: Ledger<M>, last = 0): void {
    if (this.#next === 0 || ledger.rules.order !== 'strict') return
    const held = this.trouble?.held ?? []
    for (;;) {
      const first = held[0]
      if (first && (first.seq === this.#next || first.seq <= last)) {
        held.shift()
        ledger.held--
        ledger.heldBytes -= first.bytes
        this.#next = first.seq + 1
        ledger.give(first, false, first.timeMs <= this.doubtMs)
      } else if (this.#next <= last) this.#next = last + 1
      else if (this.window.seen(this.#next)) this.#next++
      else break
    }
    const holes = this.trouble?.holes ?? []
    for (let hole = holes[0]; hole && hole.last < this.#next; hole = holes[0]) {
      holes.shift()
      ledger.holes?.delete(hole)
    }
    this.calm()
  }
}

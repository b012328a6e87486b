import type { Batch, Flow, Reception } from '@spanwire/driver'
import type { Item } from './agenda.js'
import type { Listener } from './audience.js'
import type { Entry } from './entry.js'
import type { Gate } from './gate.js'
import type { Log } from './log.js'
import type { Filter } from './paths.js'
import { Pull } from './pull.js'
import { Tail } from './tail.js'
import type { Wakeable } from './turns.js'

/** Entries of a log that one pull looks at, so that a rare path in a long log does not stop the engine. */
const MAX_SCAN = 10_000
/** Deliveries of one batch read from a log or a snapshot. */
const MAX_BATCH = 512

export interface ReadingPlan {
  readonly flow: Flow
  readonly filter: Filter | undefined
  /** Newest per path, oldest first, given before all else. */
  readonly snapshot: readonly Entry[]
  /** Durable topics: the log, and where to begin in it. */
  readonly history?: { readonly log: Log; readonly from: number }
  /** Too slow: true reads on from the log, false drops the oldest. */
  readonly waits: boolean
  readonly beatMs: number
  readonly lost?: Batch['lost']
  /** Called once when the reading ends, with what was not pulled. */
  readonly leave: (reading: Reading, unpulled: readonly Entry[]) => void
}

/** A reception of a topic without settlement: first a snapshot, then the log up to its end, then what is published. */
export class Reading implements Reception, Listener, Wakeable, Item {
  /** As an item of the agenda: when the next batch may go, with a rate. */
  due = 0
  slot = -1
  readonly beatMs: number
  awake = false
  readonly #plan: ReadingPlan
  readonly #gate: Gate
  readonly #pull: Pull = new Pull()
  readonly #tail: Tail
  #flow: Flow
  #snapshot: readonly Entry[]
  #given = 0
  /** Next index to read in the log; undefined: at its end, where messages are pushed. */
  #cursor: number | undefined
  /** Log index from which on nothing was there when we attached; undefined: said. */
  #caughtUpAt: number | undefined
  #lost: Batch['lost']
  #nextAt = 0

  constructor(gate: Gate, plan: ReadingPlan) {
    this.beatMs = plan.beatMs
    this.#gate = gate
    this.#plan = plan
    this.#flow = plan.flow
    this.#snapshot = plan.snapshot
    this.#tail = new Tail(plan.flow)
    const end = plan.history?.log.end ?? 0
    this.#cursor = plan.history !== undefined && plan.history.from < end ? plan.history.from : undefined
    this.#caughtUpAt = end
    this.#lost = plan.lost
  }

  next(): Promise<Batch | undefined> {
    return this.#pull.next(() => this.#take())
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#nextAt = 0
    this.#tail.adjust(flow)
    while (this.#tail.isOver) this.#relieve()
    this.revive()
  }

  stop(): Promise<void> {
    this.end()
    return Promise.resolve()
  }

  /** By stop, or the link's end. */
  end(): void {
    if (this.#pull.over) return
    this.#pull.end()
    this.#leave()
  }

  fail(error: Error): void {
    if (this.#pull.over) return
    this.#pull.fail(error)
    this.#leave()
  }

  tick(): void {
    if (this.#gate.isOpen) this.#pull.tick()
  }

  /** There may be something to give. */
  revive(): void {
    if (this.#pull.waiting) this.#gate.wake(this)
  }

  fire(): void {
    this.revive()
  }

  push(entry: Entry): void {
    if (this.#cursor !== undefined) {
      this.revive()
      return
    }
    this.#tail.push(entry)
    while (this.#tail.isOver) this.#relieve()
    this.revive()
  }

  flush(): void {
    if (!this.#pull.waiting) return
    const batch = this.#take()
    if (batch !== undefined) this.#pull.offer(batch)
  }

  #leave(): void {
    this.#gate.agenda.remove(this)
    this.#plan.leave(this, this.#tail.take(Number.NEGATIVE_INFINITY))
  }

  /** One step of making room: back to the log where that is possible. */
  #relieve(): void {
    const oldest = this.#tail.drop()
    if (this.#plan.waits && oldest !== undefined) {
      this.#cursor = oldest.index
      this.#tail.clear()
    } else {
      this.#lose('slow', 1)
    }
  }

  #lose(reason: 'slow' | 'expired', count: number): void {
    const lost = this.#lost
    this.#lost = lost === undefined ? { reason, count } : { reason: lost.reason, ...sum(lost.count, count) }
  }

  #take(): Batch | undefined {
    if (!this.#isDue()) return undefined
    const deliveries = this.#collect()
    const caughtUp = this.#sayCaughtUp()
    const lost = this.#lost
    if (deliveries.length === 0 && lost === undefined && !caughtUp) return undefined
    this.#lost = undefined
    if (this.#flow.conflateHz) this.#nextAt = this.#gate.now() + 1_000 / this.#flow.conflateHz
    if (lost === undefined && !caughtUp) return { deliveries }
    return { deliveries, ...(lost && { lost }), ...(caughtUp && { caughtUp }) }
  }

  /** With a rate, batches keep their distance. */
  #isDue(): boolean {
    if (!this.#flow.conflateHz || this.#gate.now() >= this.#nextAt) return true
    this.#gate.agenda.set(this, this.#nextAt)
    return false
  }

  #sayCaughtUp(): true | undefined {
    if (this.#caughtUpAt === undefined || this.#given < this.#snapshot.length) return undefined
    if (this.#cursor !== undefined && this.#cursor < this.#caughtUpAt) return undefined
    this.#caughtUpAt = undefined
    return true
  }

  #collect(): readonly Entry[] {
    const history = this.#plan.history
    if (this.#given < this.#snapshot.length) return this.#readSnapshot()
    if (this.#cursor === undefined) return this.#tail.take(this.#gate.now())
    if (history === undefined || !this.#gate.isOpen) return []
    return this.#readLog(history.log, this.#cursor)
  }

  #readSnapshot(): readonly Entry[] {
    const now = this.#gate.now()
    const found: Entry[] = []
    for (let bytes = 0; this.#given < this.#snapshot.length && !this.#isFull(found.length, bytes); this.#given++) {
      const entry = this.#snapshot[this.#given]
      if (entry === undefined || entry.expiresAt <= now) continue
      found.push(entry)
      bytes += entry.size
    }
    if (this.#given < this.#snapshot.length) return found
    this.#snapshot = []
    this.#given = 0
    return found
  }

  #readLog(log: Log, from: number): readonly Entry[] {
    if (from < log.first) this.#lose('expired', log.first - from)
    const start = Math.max(from, log.first)
    const stop = Math.min(log.end, start + MAX_SCAN)
    const now = this.#gate.now()
    const found: Entry[] = []
    let index = start
    for (let bytes = 0; index < stop && !this.#isFull(found.length, bytes); index++) {
      const entry = log.at(index)
      if (entry === undefined || entry.expiresAt <= now || this.#plan.filter?.(entry.path) === false) continue
      found.push(entry)
      bytes += entry.size
    }
    this.#cursor = index < log.end ? index : undefined
    if (found.length === 0 && this.#cursor !== undefined) this.#gate.wake(this)
    return found
  }

  #isFull(messages: number, bytes: number): boolean {
    return (
      messages >= Math.min(Math.max(this.#flow.messages, 1), MAX_BATCH) || (messages > 0 && bytes >= this.#flow.bytes)
    )
  }
}

function sum(a: number | undefined, b: number): { readonly count?: number } {
  return a === undefined ? {} : { count: a + b }
}

import type { Batch, Capabilities, Delivery, Flow, Source, Start } from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'
import {
  type Attachment,
  type AttachmentOptions,
  type AttachmentState,
  type AttachReason,
  attach,
} from '../session/attachment.js'
import type { Context } from './context.js'
import type { ReadingOptions, ReadingSink } from './reading-options.js'
import { Taken } from './taken.js'

/** What the ways of one reading share. */
export interface Trip {
  readonly context: Context
  readonly options: ReadingOptions
  readonly sink: ReadingSink
  /** Runtime ms. */
  readonly startedAt: number
  readonly flow: Flow
  /** What the way's site's clock showed at a Runtime time, Unix ms, or a little less. */
  clock(way: Way, at: number): number
}

/** Clocks of publishers, engines and us may differ by this much when a log is read by time (R24). */
export const OVERLAP_MS = 5_000
const MAX_REPLAY_MS = 600_000

/** What a reading knows of one site, and how it reads there. */
export class Way implements AttachmentOptions {
  readonly site: string
  readonly attachment: Attachment
  /** The last one taken here. */
  last: Taken | undefined
  /** When it was, monotonic ms. */
  lastAt = 0
  caughtUp = false
  /** Monotonic ms; absent while not attached. */
  attachedAt: number | undefined
  /** Since when it has had nothing for us, monotonic ms; absent while the reader has no room. */
  idleSince: number | undefined
  readonly #trip: Trip
  /** The one before the last: a resume starts there, and the first message must then be the last one (R23). */
  #before: Taken | undefined
  /** The id that must come first after a resume, or the log is another one. */
  #expects: string | undefined

  constructor(site: string, trip: Trip) {
    this.site = site
    this.#trip = trip
    this.attachment = attach(trip.context.session(site), trip.options.spec, this)
  }

  get runtime(): Runtime {
    return this.#trip.context.runtime
  }

  get flow(): Flow {
    return this.#trip.flow
  }

  source(why: AttachReason, can: Capabilities): Source {
    const { group, paths } = this.#trip.options
    return {
      start: wholeMs(this.#able(this.#start(why), can)),
      ...(paths === undefined ? undefined : { paths }),
      ...(group === undefined ? undefined : { group }),
    }
  }

  /** In its turn, while there is history to read at several sites. */
  onBatch(batch: Batch): Promise<void> | undefined {
    const { replay } = this.#trip.sink.merge
    if (replay === undefined || replay.isOver || this.#expects !== undefined) return this.#take(batch)
    return replay.add(this.site, batch, (part) => this.#take(part))
  }

  #take(batch: Batch): Promise<void> | undefined {
    const { sink } = this.#trip
    const { merge } = sink
    const now = this.runtime.now()
    if (batch.lost !== undefined) this.#lost(batch.lost)
    for (const delivery of batch.deliveries) {
      if (this.#expects !== undefined && !this.#verified(delivery)) break
      const taken = new Taken(delivery, this.site, this.last?.source)
      this.#before = this.last
      this.last = taken
      this.lastAt = now
      sink.tap?.(taken)
      merge.take(taken, now)
    }
    sink.beat?.()
    if (batch.caughtUp && !this.caughtUp) {
      this.caughtUp = true
      merge.settle?.()
      sink.changed()
    }
    merge.arm?.()
    const room = sink.room()
    // A beat is nothing.
    if (room === undefined && (batch.deliveries.length > 0 || this.idleSince === undefined)) this.idleSince = now
    if (room === undefined) return undefined
    this.idleSince = undefined
    return room.then(() => {
      this.idleSince = this.runtime.now()
    })
  }

  onState({ at }: AttachmentState): void {
    const { sink } = this.#trip
    this.caughtUp = false
    this.attachedAt = at === 'attached' ? this.runtime.now() : undefined
    this.idleSince = this.attachedAt
    sink.merge.settle?.()
    sink.changed()
  }

  #lost(lost: NonNullable<Batch['lost']>): void {
    const { context, options, sink } = this.#trip
    const { count, reason } = lost
    sink.lost?.(lost)
    context.events.emit({ type: 'lost', channel: options.channel, site: this.site, reason, count })
  }

  /** The log rolled back and was filled anew under the same epoch: the position is worth nothing, read by time. */
  #verified(first: Delivery): boolean {
    const same = first.id === this.#expects
    this.#expects = undefined
    if (same) return true
    this.attachment.restart()
    return false
  }

  /** The nearest start that the channel has; the window swallows what comes twice. */
  #able(start: Start, can: Capabilities): Start {
    const has = (at: Start['at']): boolean => can.starts.includes(at)
    if (has(start.at)) return start
    this.#expects = undefined
    if (start.at === 'position' && has('time')) return { at: 'time', timeMs: this.#lastTime() - OVERLAP_MS }
    if (start.at !== 'latest' && start.at !== 'now' && has('beginning')) return { at: 'beginning' }
    return { at: this.#trip.options.latest && has('latest') ? 'latest' : 'now' }
  }

  #start(why: AttachReason): Start {
    const { options, sink, startedAt } = this.#trip
    const { from, latest, order } = options
    this.#expects = undefined
    if (why === 'conflict' && this.last === undefined && from.at === 'checkpoint') sink.conflict?.()
    if (order === 'newest' && latest) return { at: 'latest' }
    if (why === 'conflict') return { at: 'time', timeMs: this.#lastTime() - OVERLAP_MS }
    const resume = this.#before ?? this.last
    const position = resume?.delivery.position()
    if (position !== undefined) {
      // What a group is given next is not told by what one member had last.
      if (resume === this.#before && options.group === undefined) this.#expects = this.last?.delivery.id
      return { at: 'position', position }
    }
    if (from.at === 'checkpoint') {
      const stored = from.positions[this.site]
      return stored === undefined
        ? { at: 'time', timeMs: Math.max(0, from.timeMs - OVERLAP_MS) }
        : { at: 'position', position: stored }
    }
    // A site that joins after the others: what it took since the start is ours as well.
    const now = this.runtime.now()
    const late = why === 'again' || now - startedAt > 1_000
    if (from.at !== 'now' || !late) return from
    return { at: 'time', timeMs: this.#trip.clock(this, Math.max(startedAt, now - MAX_REPLAY_MS)) }
  }

  /** Engine time of what was taken last, or of what is missing where that is older (R24), else our start; never further back than ten minutes. */
  #lastTime(): number {
    const trip = this.#trip
    const { missingSinceMs = Infinity } = trip.sink.merge
    const last = this.last?.delivery.timeMs
    // How far the engine's clock is behind publishers': a fast one must not hide what is missing.
    const behindMs = Math.min(0, (last ?? 0) - (this.last?.timeMs ?? 0))
    const sinceMs = Math.min(last ?? this.#startTime(), missingSinceMs + behindMs)
    return Math.max(sinceMs, trip.clock(this, this.runtime.now() - MAX_REPLAY_MS))
  }

  #startTime(): number {
    const { options, startedAt } = this.#trip
    const { from } = options
    if (from.at === 'time' || from.at === 'checkpoint') return from.timeMs
    return from.at === 'now' ? this.#trip.clock(this, startedAt) : 0
  }
}

/** Engines count in whole milliseconds, and our clocks do not. What an earlier one repeats is swallowed. */
function wholeMs(start: Start): Start {
  return start.at === 'time' ? { at: 'time', timeMs: Math.max(0, Math.floor(start.timeMs)) } : start
}

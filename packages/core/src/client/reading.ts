import type { Batch, Capabilities, Delivery, Flow, Source, Start } from '@spanwire/driver'
import { type Attachment, attach } from '../session/attachment.js'
import type { Context } from './context.js'
import type { ReadingOptions, ReadingSink } from './reading-options.js'
import { Taken } from './taken.js'
import { makeWay, type Way } from './way.js'
import { isComing } from './working.js'

/** Clocks of publishers, engines and us may differ by this much when a log is read by time (R24). */
const OVERLAP_MS = 5_000
const MAX_REPLAY_MS = 600_000
/** Engines that cannot say that they gave everything are taken to have done so after this long. */
const SILENT_CATCH_UP_MS = 10_000
/** What is in hand when a site is left goes back after this. */
const LEAVE_MS = 5_000
/** A site that was asked for more and gave nothing for so long has nothing. */
const IDLE_MS = 500

/** One topic read at all its sites: attaches everywhere, and follows each site through its failures. */
export class Reading {
  readonly #options: ReadingOptions
  readonly #context: Context
  readonly #sink: ReadingSink
  #ways: readonly Way[] = []
  readonly #startedAt: number

  constructor(context: Context, options: ReadingOptions, sink: ReadingSink) {
    this.#context = context
    this.#options = options
    this.#sink = sink
    this.#startedAt = context.runtime.now()
    this.listen(options.sites)
  }

  /** Reads at these sites from now on, and at no others. */
  listen(sites: readonly string[]): void {
    const gone = this.#ways.filter(({ site }) => !sites.includes(site))
    const kept = this.#ways.filter(({ site }) => sites.includes(site))
    const fresh = sites.filter((site) => !kept.some((way) => way.site === site)).map(makeWay)
    this.#ways = [...kept, ...fresh]
    for (const way of fresh) way.attachment = this.#attach(way)
    // Who has something of a group in hand may settle it.
    const end = this.#options.group === undefined ? AbortSignal.abort() : AbortSignal.timeout(LEAVE_MS)
    for (const { attachment } of gone) void attachment?.stop(end)
    this.#sink.merge.listen?.(sites)
  }

  get sites(): readonly string[] {
    return this.#ways.map(({ site }) => site)
  }

  get attached(): readonly string[] {
    return this.#ways.filter((way) => way.attachment?.state.at === 'attached').map((way) => way.site)
  }

  get missing(): readonly string[] {
    return this.#ways.filter((way) => way.attachment?.state.at !== 'attached').map((way) => way.site)
  }

  /** Sites that may yet be attached without anything else changing first. */
  get attaching(): readonly string[] {
    const isUnderWay = ({ attachment }: Way): boolean =>
      attachment === undefined || attachment.state.at === 'waiting' || attachment.state.at === 'attaching'
    return this.#ways.filter(isUnderWay).map((way) => way.site)
  }

  /** How often at least one live site shows a sign of life. */
  get beatMs(): number | undefined {
    const all = this.#ways.flatMap((way) => way.attachment?.beatMs ?? [])
    return all.length === 0 ? undefined : Math.max(...all)
  }

  /** Sites that gave all they had stored when we attached. */
  get caughtUp(): readonly string[] {
    return this.#ways.filter((way) => way.caughtUp && way.attachment?.state.at === 'attached').map((way) => way.site)
  }

  /** Sites that have not given all that they had stored, and may do so without anything else changing first. */
  get behind(): readonly string[] {
    const may = ({ attachment, site }: Way): boolean => {
      const at = attachment?.state.at ?? 'waiting'
      return at === 'attached' || ((at === 'waiting' || at === 'attaching') && isComing(this.#context, site))
    }
    return this.#ways.filter((way) => !way.caughtUp && may(way)).map((way) => way.site)
  }

  /** Why nothing can ever come, when every site refuses. */
  get refusal(): Error | undefined {
    const states = this.#ways.map((way) => way.attachment?.state)
    const refused = states.flatMap((state) => (state?.at === 'refused' ? [state.error] : []))
    return refused.length === states.length ? refused[0] : undefined
  }

  /** Every site is attached and gave what it had stored. */
  get isComplete(): boolean {
    const now = this.#context.runtime.now()
    return this.#ways.every(
      (way) =>
        way.attachedAt !== undefined &&
        (way.caughtUp || this.#options.keep === 'live' || now - way.attachedAt > SILENT_CATCH_UP_MS),
    )
  }

  /** Every attached site had nothing to give after this moment (Runtime ms), or gave what its clock says is of well after it (Unix ms). */
  isPast(nowMs: number, wallMs: number): boolean {
    const now = this.#context.runtime.now()
    return this.#ways.every(({ attachedAt, idleSince, last }) => {
      if (attachedAt === undefined) return true
      if (idleSince !== undefined && now - Math.max(idleSince, nowMs) >= IDLE_MS) return true
      return (last?.delivery.timeMs ?? 0) > wallMs + OVERLAP_MS
    })
  }

  adjust(flow: Flow): void {
    for (const way of this.#ways) way.attachment?.adjust(flow)
  }

  pace(): void {
    if (this.#options.order === 'newest') this.adjust(this.#flow)
  }

  /** Only who shows the newest may be shown less; nobody is shown more than it asked for. */
  get #flow(): Flow {
    const { flow, order } = this.#options
    const { maxRate } = this.#context
    if (order !== 'newest' || maxRate === undefined) return flow
    return { ...flow, conflateHz: Math.min(maxRate, flow.conflateHz || maxRate) }
  }

  async stop(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#ways.flatMap((way) => way.attachment?.stop(signal) ?? []))
    this.#sink.merge.stop?.()
  }

  #attach(way: Way): Attachment {
    const session = this.#context.session(way.site)
    return attach(session, this.#options.spec, {
      runtime: this.#context.runtime,
      flow: this.#flow,
      source: (why, can) => this.#source(way, why, can),
      onBatch: (batch) => this.#inTurn(way, batch),
      onState: (state) => {
        way.caughtUp = false
        way.attachedAt = state.at === 'attached' ? this.#context.runtime.now() : undefined
        way.idleSince = way.attachedAt
        this.#sink.merge.settle?.()
        this.#sink.changed()
      },
    })
  }

  #source(way: Way, why: 'first' | 'again' | 'conflict', can: Capabilities): Source {
    const { group, paths } = this.#options
    return {
      start: this.#able(way, this.#start(way, why), can),
      ...(paths === undefined ? undefined : { paths }),
      ...(group === undefined ? undefined : { group }),
    }
  }

  /** The nearest start that the channel has; the window swallows what comes twice. */
  #able(way: Way, start: Start, can: Capabilities): Start {
    const has = (at: Start['at']): boolean => can.starts.includes(at)
    if (has(start.at)) return start
    way.expects = undefined
    if (start.at === 'position' && has('time')) return { at: 'time', timeMs: this.#lastTime(way) - OVERLAP_MS }
    if (start.at !== 'latest' && start.at !== 'now' && has('beginning')) return { at: 'beginning' }
    return { at: this.#options.latest && has('latest') ? 'latest' : 'now' }
  }

  #start(way: Way, why: 'first' | 'again' | 'conflict'): Start {
    const { from, latest, order } = this.#options
    way.expects = undefined
    if (why === 'conflict' && way.last === undefined && from.at === 'checkpoint') this.#sink.conflict?.()
    if (order === 'newest' && latest) return { at: 'latest' }
    if (why === 'conflict') return { at: 'time', timeMs: this.#lastTime(way) - OVERLAP_MS }
    const resume = way.before ?? way.last
    const position = resume?.delivery.position()
    if (position !== undefined) {
      if (resume === way.before) way.expects = way.last?.delivery.id
      return { at: 'position', position }
    }
    if (from.at === 'checkpoint') {
      const stored = from.positions[way.site]
      return stored === undefined
        ? { at: 'time', timeMs: Math.max(0, from.timeMs - OVERLAP_MS) }
        : { at: 'position', position: stored }
    }
    // A site that joins after the others: what it took since the start is ours as well.
    const now = this.#context.runtime.now()
    const late = why === 'again' || now - this.#startedAt > 1_000
    if (from.at !== 'now' || !late) return from
    return { at: 'time', timeMs: this.#clock(way, Math.max(this.#startedAt, now - MAX_REPLAY_MS)) }
  }

  /** Engine time of what was taken last, or of what is missing where that is older (R24), else our start; never further back than ten minutes. */
  #lastTime(way: Way): number {
    const { from } = this.#options
    const start =
      from.at === 'time' || from.at === 'checkpoint'
        ? from.timeMs
        : from.at === 'now'
          ? this.#clock(way, this.#startedAt)
          : 0
    const { missingSinceMs = Infinity } = this.#sink.merge
    const last = way.last?.delivery.timeMs
    // How far the engine's clock is behind publishers': a fast one must not hide what is missing.
    const behindMs = Math.min(0, (last ?? 0) - (way.last?.timeMs ?? 0))
    const sinceMs = Math.min(last ?? start, missingSinceMs + behindMs)
    return Math.max(sinceMs, this.#clock(way, this.#context.runtime.now() - MAX_REPLAY_MS))
  }

  /**
   * What the site's clock showed at a monotonic time, Unix ms, or a little less: as it stamped what was taken last, else as
   * another site did, else as our wall clock said at the start, which may have been set since (R60).
   */
  #clock(way: Way, at: number): number {
    const { last, lastAt } = way.last ? way : (this.#ways.find((other) => other.last) ?? way)
    const stamp = last?.delivery.timeMs
    return at + (stamp === undefined ? this.#options.startWallMs - this.#startedAt : stamp - lastAt)
  }

  #inTurn(way: Way, batch: Batch): Promise<void> | undefined {
    const { replay } = this.#sink.merge
    if (replay === undefined || replay.isOver || way.expects !== undefined) return this.#take(way, batch)
    return replay.add(way.site, batch, (part) => this.#take(way, part))
  }

  #take(way: Way, batch: Batch): Promise<void> | undefined {
    const { runtime, events } = this.#context
    const { merge } = this.#sink
    const now = runtime.now()
    if (batch.lost !== undefined) {
      this.#sink.lost?.(batch.lost)
      events.emit({
        type: 'lost',
        channel: this.#options.channel,
        site: way.site,
        reason: batch.lost.reason,
        count: batch.lost.count,
      })
    }
    for (const delivery of batch.deliveries) {
      if (way.expects !== undefined && !this.#verified(way, delivery)) break
      const taken = new Taken(delivery, way.site, way.last?.source)
      way.before = way.last
      way.last = taken
      way.lastAt = now
      this.#sink.tap?.(taken)
      merge.take(taken, now)
    }
    this.#sink.beat?.()
    if (batch.caughtUp && !way.caughtUp) {
      way.caughtUp = true
      merge.settle?.()
      this.#sink.changed()
    }
    merge.arm?.()
    const room = this.#sink.room()
    // A beat is nothing.
    if (room === undefined && (batch.deliveries.length > 0 || way.idleSince === undefined)) way.idleSince = now
    if (room === undefined) return undefined
    way.idleSince = undefined
    return room.then(() => {
      way.idleSince = runtime.now()
    })
  }

  /** The log rolled back and was filled anew under the same epoch: the position is worth nothing, read by time. */
  #verified(way: Way, first: Delivery): boolean {
    const same = first.id === way.expects
    way.expects = undefined
    if (same) return true
    way.attachment?.restart()
    return false
  }
}

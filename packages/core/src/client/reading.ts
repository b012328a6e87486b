import type { Flow } from '@spanwire/driver'
import { inTime } from '../runtime/in-time.js'
import type { Context } from './context.js'
import type { ReadingOptions, ReadingSink } from './reading-options.js'
import { OVERLAP_MS, type Trip, Way } from './way.js'
import { isComing } from './working.js'

/** Engines that cannot say that they gave everything are taken to have done so after this long. */
const SILENT_CATCH_UP_MS = 10_000
/** What is in hand when a site is left goes back after this. */
const LEAVE_MS = 5_000
/** A site that was asked for more and gave nothing for so long has nothing. */
const IDLE_MS = 500

/** One topic read at all its sites: attaches everywhere, and follows each site through its failures. */
export class Reading implements Trip {
  readonly context: Context
  readonly options: ReadingOptions
  readonly sink: ReadingSink
  readonly startedAt: number
  ways: readonly Way[] = []
  #isStopped = false

  constructor(context: Context, options: ReadingOptions, sink: ReadingSink) {
    this.context = context
    this.options = options
    this.sink = sink
    this.startedAt = context.runtime.now()
    this.listen(options.sites)
  }

  /** Reads at these sites from now on, and at no others. */
  listen(sites: readonly string[]): void {
    if (this.#isStopped) return
    const kept = this.ways.filter(({ site }) => sites.includes(site))
    const gone = this.ways.filter((way) => !kept.includes(way))
    const fresh = sites.filter((site) => !this.sites.includes(site))
    // Not spread: a list that was gets room for sixteen more.
    this.ways = kept.concat(fresh.map((site) => new Way(site, this)))
    // Who has something of a group in hand may settle it.
    const limit = { runtime: this.context.runtime, ms: LEAVE_MS, late: '' }
    for (const { attachment } of gone) {
      if (this.options.group === undefined) void attachment.stop(AbortSignal.abort())
      else void inTime(limit, new AbortController(), (cut) => attachment.stop(cut))
    }
    this.sink.merge.listen?.(sites)
  }

  get sites(): readonly string[] {
    return this.ways.map(siteOf)
  }

  get attached(): readonly string[] {
    return this.ways.filter(isAttached).map(siteOf)
  }

  get missing(): readonly string[] {
    return this.ways.filter((way) => !isAttached(way)).map(siteOf)
  }

  /** Sites that gave all they had stored when we attached. */
  get caughtUp(): readonly string[] {
    return this.ways.filter((way) => way.caughtUp && isAttached(way)).map(siteOf)
  }

  /** Sites that have not given all that they had stored, and may do so without anything else changing first. */
  get behind(): readonly string[] {
    const may = ({ attachment, site }: Way): boolean => {
      const { at } = attachment.state
      return at === 'attached' || ((at === 'waiting' || at === 'attaching') && isComing(this.context, site))
    }
    return this.ways.filter((way) => !way.caughtUp && may(way)).map(siteOf)
  }

  /** Why nothing can ever come, when every site refuses. */
  get refusal(): Error | undefined {
    let first: Error | undefined
    for (const { attachment } of this.ways) {
      if (attachment.state.at !== 'refused') return undefined
      first ??= attachment.state.error
    }
    return first
  }

  /** Every site is attached and gave what it had stored. */
  get isComplete(): boolean {
    const now = this.context.runtime.now()
    return this.ways.every(
      (way) =>
        way.attachedAt !== undefined &&
        (way.caughtUp || this.options.keep === 'live' || now - way.attachedAt > SILENT_CATCH_UP_MS),
    )
  }

  /** Every attached site had nothing to give after this moment (Runtime ms), or gave what its clock says is of well after it (Unix ms). */
  isPast(nowMs: number, wallMs: number): boolean {
    const now = this.context.runtime.now()
    return this.ways.every(({ attachedAt, idleSince, last }) => {
      if (attachedAt === undefined) return true
      if (idleSince !== undefined && now - Math.max(idleSince, nowMs) >= IDLE_MS) return true
      return (last?.delivery.timeMs ?? 0) > wallMs + OVERLAP_MS
    })
  }

  /**
   * What the site's clock showed at a monotonic time, Unix ms, or a little less: as it stamped what was taken last, else as
   * another site did, else as our wall clock said at the start, which may have been set since (R60).
   */
  clock(way: Way, at: number): number {
    const { last, lastAt } = way.last ? way : (this.ways.find((other) => other.last) ?? way)
    const stamp = last?.delivery.timeMs
    return at + (stamp === undefined ? this.options.startWallMs - this.startedAt : stamp - lastAt)
  }

  adjust(flow: Flow): void {
    for (const way of this.ways) way.attachment.adjust(flow)
  }

  pace(): void {
    if (this.options.order === 'newest') this.adjust(this.flow)
  }

  /** Only who shows the newest may be shown less; nobody is shown more than it asked for. */
  get flow(): Flow {
    const { flow, order } = this.options
    const { maxRate } = this.context
    if (order !== 'newest' || maxRate === undefined) return flow
    return { ...flow, conflateHz: Math.min(maxRate, flow.conflateHz || maxRate) }
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.ways.map((way) => way.attachment.stop(signal)))
    this.sink.merge.stop?.()
  }
}

function isAttached({ attachment }: Way): boolean {
  return attachment.state.at === 'attached'
}

function siteOf({ site }: Way): string {
  return site
}

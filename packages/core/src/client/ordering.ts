import { Arrival, type ArrivalSink, type Flags } from '../arrival/arrival.js'
import type { Context } from './context.js'
import { Hearing, type HearingOwner } from './hearing.js'
import { leaveMarks, listenMarks } from './marks.js'
import type { Merge, ReadingOptions } from './reading-options.js'
import { Replay } from './replay.js'
import type { Taken } from './taken.js'

/** A timer this late means that we stood still, not the others (R36). */
const STALL_MS = 200

export interface OrderingSink {
  give(taken: Taken, flags: Flags): void
  repeated?(taken: Taken): void
  /** Every site is attached and gave what it had stored: what is missing now is missing (R35). */
  isComplete(): boolean
  /** Every attached site has been read past this moment, Runtime ms and Unix ms. */
  isPast(nowMs: number, wallMs: number): boolean
  /** Sites that have history to give yet. Absent: nobody minds in whose turns it comes. */
  behind?(): readonly string[]
}

/** Each message once, in the order that the options ask for, with what is known to be missing reported in its time. */
export class Ordering implements Merge, ArrivalSink<Taken>, HearingOwner {
  readonly arrival: Arrival<Taken>
  /** Strict order from somewhere in the past, at several sites (R25). */
  readonly replay: Replay | undefined
  readonly #context: Context
  readonly #options: ReadingOptions
  readonly #sink: OrderingSink
  readonly #hearing: Hearing | undefined
  #timer: { readonly at: number; readonly cancel: () => void } | undefined

  constructor(context: Context, options: ReadingOptions, sink: OrderingSink) {
    const { from, gaps, group, keep, order, passes, sites, startWallMs } = options
    const { runtime } = context
    this.#context = context
    this.#options = options
    this.#sink = sink
    const isLater = from.at === 'checkpoint'
    const isReplay = order === 'strict' && from.at !== 'now' && from.at !== 'latest' && sites.length > 1
    if (isReplay && sink.behind) this.replay = new Replay({ runtime, behind: () => sink.behind?.() ?? [] })
    this.arrival = new Arrival<Taken>(
      {
        order,
        live: keep === 'live',
        startWallMs: isLater ? from.timeMs : startWallMs,
        // A group began before its member did: what waits for it is wanted, however old.
        fromNow: from.at === 'now' && passes === undefined && group === undefined,
        gaps,
        wall: runtime.wall,
      },
      this,
    )
    if (isLater && from.windows !== undefined) this.arrival.restore(from.windows, runtime.now())
    if (!gaps) return
    this.#hearing = new Hearing(this.arrival, runtime, this)
    this.listen(sites)
  }

  get isFiltered(): boolean {
    return this.#options.paths !== undefined
  }

  isPast(nowMs: number, wallMs: number): boolean {
    return this.#sink.isPast(nowMs, wallMs)
  }

  give(taken: Taken, flags: Flags): void {
    this.#sink.give(taken, flags)
  }

  repeated(taken: Taken): void {
    this.#sink.repeated?.(taken)
  }

  gap(gap: Parameters<ArrivalSink<Taken>['gap']>[0]): void {
    this.#context.events.emit({ type: 'gap', channel: this.#options.channel, ...gap })
  }

  closed(at: Parameters<ArrivalSink<Taken>['closed']>[0]): void {
    this.#context.events.emit({ type: 'gap-closed', channel: this.#options.channel, ...at })
  }

  take(taken: Taken, nowMs: number): void {
    this.arrival.take(taken, nowMs)
  }

  settle(): void {
    this.arrival.tick(this.#context.runtime.now(), this.#sink.isComplete())
    this.replay?.look()
    this.arm()
  }

  arm(): void {
    const at = this.arrival.nextDeadline()
    if (at === this.#timer?.at) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (at === undefined) return
    const { runtime } = this.#context
    const cancel = runtime.after(Math.max(0, at - runtime.now()), () => this.#fire(at))
    this.#timer = { at, cancel }
  }

  get missingSinceMs(): number {
    return this.arrival.missingSinceMs
  }

  listen(sites: readonly string[]): void {
    if (this.#hearing) listenMarks(this.#context, this.#options.name, sites, this.#hearing)
  }

  /** The last call: no message and no deadline comes after it. */
  stop(): void {
    this.replay?.stop()
    if (this.#hearing) leaveMarks(this.#context, this.#options.name, this.#hearing)
    this.#hearing?.stop()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #fire(at: number): void {
    const { runtime } = this.#context
    const late = runtime.now() - at
    this.#timer = undefined
    // What is looked for may lie in what is read next.
    if (this.replay?.isOver === false) this.arrival.stalled(Math.max(STALL_MS, late))
    else if (late > STALL_MS) this.arrival.stalled(late)
    else this.arrival.tick(runtime.now(), this.#sink.isComplete())
    // After a stall what waits in the sockets is read before anybody is judged.
    if (late > STALL_MS) runtime.turn(() => runtime.turn(() => this.arm()))
    else this.arm()
  }
}

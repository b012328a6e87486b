import { Arrival, type Flags } from '../arrival/arrival.js'
import type { Context } from './context.js'
import { Hearing } from './hearing.js'
import { listenMarks, type MarksEar } from './marks.js'
import type { Merge, ReadingOptions } from './reading-options.js'
import { Replay } from './replay.js'
import type { Taken } from './taken.js'

/** A timer this late means that we stood still, not the others (R36). */
const STALL_MS = 200

export interface OrderingSink {
  readonly give: (taken: Taken, flags: Flags) => void
  /** Every site is attached and gave what it had stored: what is missing now is missing (R35). */
  readonly isComplete: () => boolean
  /** Every attached site has been read past this moment, Runtime ms and Unix ms. */
  readonly isPast: (nowMs: number, wallMs: number) => boolean
  /** Sites that have history to give yet. Absent: nobody minds in whose turns it comes. */
  readonly behind?: () => readonly string[]
}

/** Each message once, in the order that the options ask for, with what is known to be missing reported in its time. */
export class Ordering implements Merge {
  readonly arrival: Arrival<Taken>
  /** Strict order from somewhere in the past, at several sites (R25). */
  readonly replay: Replay | undefined
  readonly #context: Context
  readonly #isComplete: () => boolean
  readonly #hearing: Hearing | undefined
  readonly #ear: MarksEar | undefined
  #timer: { readonly at: number; readonly cancel: () => void } | undefined

  constructor(context: Context, options: ReadingOptions, { behind, give, isComplete, isPast }: OrderingSink) {
    const { channel, from, gaps, keep, name, order, passes, paths, sites, startWallMs } = options
    this.#context = context
    this.#isComplete = isComplete
    const isLater = from.at === 'checkpoint'
    const isReplay = order === 'strict' && from.at !== 'now' && from.at !== 'latest' && sites.length > 1
    if (isReplay && behind !== undefined) this.replay = new Replay({ runtime: context.runtime, behind })
    this.arrival = new Arrival<Taken>(
      {
        order,
        live: keep === 'live',
        startWallMs: isLater ? from.timeMs : startWallMs,
        fromNow: from.at === 'now' && passes === undefined,
        gaps,
        wall: context.runtime.wall,
      },
      {
        give,
        gap: (gap) => context.events.emit({ type: 'gap', channel, ...gap }),
        closed: (at) => context.events.emit({ type: 'gap-closed', channel, ...at }),
      },
    )
    if (isLater && from.windows !== undefined) this.arrival.restore(from.windows, context.runtime.now())
    if (!gaps) return
    const { runtime } = context
    const isFiltered = paths !== undefined
    this.#hearing = new Hearing(this.arrival, { runtime, isFiltered, isPast, arm: () => this.arm() })
    this.#ear = listenMarks(context, name, sites, this.#hearing)
  }

  take(taken: Taken, nowMs: number): void {
    this.arrival.take(taken, nowMs)
  }

  settle(): void {
    this.arrival.tick(this.#context.runtime.now(), this.#isComplete())
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
    this.#ear?.listen(sites)
  }

  /** The last call: no message and no deadline comes after it. */
  stop(): void {
    this.replay?.stop()
    this.#ear?.stop()
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
    else this.arrival.tick(runtime.now(), this.#isComplete())
    // After a stall what waits in the sockets is read before anybody is judged.
    if (late > STALL_MS) runtime.turn(() => runtime.turn(() => this.arm()))
    else this.arm()
  }
}

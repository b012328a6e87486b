import type { SessionChange } from '../session/listeners.js'
import { healthOf } from '../session/site-view.js'
import { isLeft, type Outage } from '../session/state.js'
import type { Context, Intake, Tapped } from './context.js'
import type { ClientEvent, FailoverRecord, Read } from './happenings.js'
import { listenAt } from './listening.js'
import { comparingPartitions } from './partitions.js'

/** A gap is reported a minute after it was noticed, at the latest (R35): a record has by then what there is to say. */
const OPEN_MS = 90_000
/** What a site that is back had for us, and what it had not, shows within this. */
const SETTLE_MS = 10_000
/** Intakes that a record names one by one. */
const MAX_NAMED = 100

type StateChange = Extract<SessionChange, { readonly to: unknown }>

/** Lanes that left a site, and when the last one did, Unix ms. */
interface Moves {
  lanes: number
  lastAt: number
}

/** What one intake had when a site came into doubt or was lost, and what came since. */
interface Tally {
  readonly before: { readonly duplicates: number; readonly gapsOpen: number }
  received: number
  replayed: number
  firstMessageAt: number | undefined
}

/** What those that listen at a site had from all sites since it was in doubt. */
interface Ears {
  readonly site: string
  readonly tallies: ReadonlyMap<Intake, Tally>
  /** When it was taken for lost, Unix ms; Infinity: it is in doubt. */
  lostAt: number
}

/** A site that was lost a moment ago. */
interface Loss {
  readonly site: string
  readonly reason: string
  readonly outage: Pick<Outage, 'firstSign' | 'detected'>
  readonly moves: Moves
  readonly ears: Ears
  /** Unix ms. */
  backAt: number | undefined
  cancel: () => void
}

/**
 * Tells of each lost site: that it is, at once, and what that came to, when it is over. Made by the first who watches, and
 * reads the events itself, before all others: what it tells at the end they still hear.
 */
export class Failovers {
  readonly #context: Context
  /** Both by site; at most one each. */
  readonly #doubts = new Map<string, Ears>()
  readonly #losses = new Map<string, Loss>()
  readonly #ears = new Set<Ears>()
  /** By site, since it was well. */
  readonly #moves = new Map<string, Moves>()
  readonly #stops: readonly (() => void)[]

  constructor(context: Context) {
    this.#context = context
    context.events.readers.add(this)
    const compare = comparingPartitions(context)
    this.#stops = [...context.sessions.values()].map((session) =>
      session.onChange((change) => {
        if ('to' in change) this.#follow(session.site, change)
        else compare(session, change.channel)
      }),
    )
  }

  push(event: ClientEvent): void {
    if (event.type !== 'moved' || this.#context.session(event.from).state.at === 'up') return
    const moves = this.#movesFrom(event.from)
    moves.lanes += 1
    moves.lastAt = event.at
  }

  end(): void {
    for (const stop of this.#stops) stop()
    for (const loss of [...this.#losses.values()]) this.#close(loss)
  }

  #follow(site: string, change: StateChange): void {
    const { from, to, reason } = change
    const outage = isLeft(to) && !isLeft(from) ? { firstSign: to.silentSince, detected: to.leftAt } : lostWith(change)
    if (to.at === 'suspect' && from.at !== 'suspect') this.#doubts.set(site, this.#listen(site))
    // Its lanes move in this turn.
    if (outage !== undefined) queueMicrotask(() => this.#lost(site, reason, outage))
    else if (to.at !== 'suspect') this.#calm(site)
    if (to.at === 'up' && from.at !== 'up') this.#back(site)
  }

  #lost(site: string, reason: string, outage: Loss['outage']): void {
    const { events, runtime } = this.#context
    const known = this.#losses.get(site)
    // It was left while it was in doubt, and now its link has ended as well.
    if (known?.outage.firstSign === outage.firstSign) return
    const ears = this.#doubts.get(site) ?? this.#listen(site)
    this.#doubts.delete(site)
    if (known !== undefined) this.#close(known)
    const { detectedAt, firstSignAt } = timesOf(this.#context, outage)
    ears.lostAt = detectedAt
    const cancel = runtime.after(OPEN_MS, () => this.#close(loss))
    const moves = this.#movesFrom(site)
    const loss: Loss = { site, reason, outage, moves, ears, backAt: undefined, cancel }
    this.#losses.set(site, loss)
    events.emit({ type: 'failover', site, reason, firstSignAt, detectedAt, lanes: moves.lanes })
  }

  #back(site: string): void {
    const { runtime } = this.#context
    this.#moves.delete(site)
    const loss = this.#losses.get(site)
    if (loss === undefined) return
    loss.backAt ??= runtime.wall()
    loss.cancel()
    loss.cancel = runtime.after(SETTLE_MS, () => this.#close(loss))
  }

  #close(loss: Loss): void {
    loss.cancel()
    this.#losses.delete(loss.site)
    this.#deafen(loss.ears)
    this.#context.events.emit({ type: 'failover-record', ...recordOf(this.#context, loss) })
  }

  /** It was in doubt for a moment, and is not lost. */
  #calm(site: string): void {
    const ears = this.#doubts.get(site)
    this.#doubts.delete(site)
    if (ears !== undefined) this.#deafen(ears)
  }

  #movesFrom(site: string): Moves {
    const moves = this.#moves.get(site) ?? { lanes: 0, lastAt: 0 }
    this.#moves.set(site, moves)
    return moves
  }

  #listen(site: string): Ears {
    const listening = [...this.#context.intakes].filter(({ spec }) => listenAt(this.#context, spec).includes(site))
    const tallies = new Map(listening.map((intake) => [intake, tallyOf(intake)]))
    for (const intake of listening) intake.tap = (taken) => this.#came(intake, taken)
    const ears: Ears = { site, tallies, lostAt: Infinity }
    this.#ears.add(ears)
    return ears
  }

  #deafen(ears: Ears): void {
    this.#ears.delete(ears)
    const others = [...this.#ears]
    for (const intake of ears.tallies.keys())
      if (!others.some(({ tallies }) => tallies.has(intake))) intake.tap = undefined
  }

  #came(intake: Intake, { again, site, timeMs }: Tapped): void {
    const now = this.#context.runtime.wall()
    for (const ears of this.#ears) {
      const tally = ears.tallies.get(intake)
      if (tally === undefined) continue
      tally.firstMessageAt ??= now
      tally.received += 1
      if (again || (site === ears.site && timeMs < ears.lostAt)) tally.replayed += 1
    }
  }
}

function tallyOf(intake: Intake): Tally {
  const { duplicates = 0, gapsOpen = 0 } = intake.subscription?.() ?? {}
  return { before: { duplicates, gapsOpen }, received: 0, replayed: 0, firstMessageAt: undefined }
}

function recordOf(context: Context, { backAt, ears, moves, outage, reason, site }: Loss): FailoverRecord {
  const { lanes, lastAt } = moves
  const reads = [...ears.tallies].map(([intake, tally]) => readOf(intake, tally))
  const sum = (of: (read: Read) => number): number => reads.reduce((total, read) => total + of(read), 0)
  const first = reads.reduce((least, { firstMessageAt = Infinity }) => Math.min(least, firstMessageAt), Infinity)
  return {
    site,
    reason,
    ...timesOf(context, outage),
    lanes,
    switchedAt: lanes > 0 ? lastAt : undefined,
    backAt,
    firstMessageAt: first < Infinity ? first : undefined,
    received: sum(({ received }) => received),
    replayed: sum(({ replayed }) => replayed),
    duplicates: sum(({ duplicates }) => duplicates),
    missing: sum(({ missing }) => missing),
    reads: reads.slice(0, MAX_NAMED),
    unnamed: Math.max(0, reads.length - MAX_NAMED),
  }
}

function readOf(intake: Intake, { before, firstMessageAt, received, replayed }: Tally): Read {
  const { duplicates = 0, gapsOpen = 0 } = intake.subscription?.() ?? {}
  return {
    channel: intake.channel,
    kind: intake.spec.kind,
    firstMessageAt,
    received,
    replayed,
    duplicates: duplicates - before.duplicates,
    missing: Math.max(0, gapsOpen - before.gapsOpen),
  }
}

function lostWith({ from, to }: StateChange): Pick<Outage, 'firstSign' | 'detected'> | undefined {
  if (!('link' in from) || 'link' in to || !('outage' in to) || healthOf(to) === 'disabled') return undefined
  // None of its own: all sites fell silent with it.
  return 'outage' in from && from.outage === to.outage ? undefined : to.outage
}

/** As Unix ms. */
function timesOf(
  { runtime }: Context,
  { detected, firstSign }: Loss['outage'],
): {
  readonly firstSignAt: number
  readonly detectedAt: number
} {
  const wall = (at: number): number => Math.round(runtime.wall() - (runtime.now() - at))
  return { firstSignAt: wall(firstSign), detectedAt: wall(detected) }
}

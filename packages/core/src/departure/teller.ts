import type { Runtime } from '../runtime/runtime.js'
import type { Lane } from './lane.js'
import type { Mark, Said, Void } from './marks.js'
import type { Ticks } from './ticks.js'

/** Who is told, and by what clock. */
export interface Audience {
  readonly runtime: Runtime
  /** Once a second. */
  readonly ticks: Ticks
  /** The publisher's stamp of now. */
  stamp(): number
  /** Where readers may listen. */
  sites(): readonly string[]
  /** So that a void can be said at once: opens what it is said on, where there is a link. */
  open(site: string): void
  /** Says it at a site, now or not at all; `heard` comes once. */
  say(site: string, body: string, heard: (isHeard: boolean) => void): void
}

/** Sites that are not a lane's home hear of it in every fifth tick. */
const ROUND = 5
/** A lane that stood still for so many ticks was told twice to every site that could hear it. */
const STILL = 2 * ROUND
const VOID_MS = 60_000
/** Voids that are still repeated; beyond, the oldest is said no more. */
const MAX_VOIDS = 1_000
/** Lanes in one message. */
const MAX_LANES = 2_000

/** How far a lane had come when it was last looked at. */
interface Progress {
  readonly lane: Lane
  high: number
  timeMs: number
  /** Ticks since it rose. */
  still: number
  /** What each site was told last. */
  readonly told: Record<string, number>
}

/**
 * Tells the sites of a topic how far its lanes have come, so that a reader learns of messages that it will not see: at
 * home when a lane falls idle, everywhere else while it runs (R16). Refused seqs are said at once and for a minute (R15).
 * A site that cannot hear is told when it can. Knows only the lanes that changed lately: bounded by the outbox.
 */
export class Teller {
  readonly #audience: Audience
  readonly #lanes = new Set<Progress>()
  #voids: { readonly what: Void; readonly until: number }[] = []
  /** Sites that did not hear the voids when they were said last. */
  readonly #deaf = new Set<string>()
  #round = 0
  #isFresh = false

  constructor(audience: Audience) {
    this.#audience = audience
  }

  /** Where it tells, as far as it is heard there. */
  get sites(): readonly string[] {
    return this.#audience.sites()
  }

  /** Something leaves on a lane about which there was nothing to tell. */
  follow(lane: Lane): void {
    lane.isQuiet = false
    this.#lanes.add({ lane, high: 0, timeMs: 0, still: 0, told: {} })
    this.#arm()
  }

  /** Nobody will ever receive this one. */
  refused(source: string, seq: number): void {
    this.#voids.push({ what: [source, seq, seq], until: this.#audience.runtime.now() + VOID_MS })
    if (this.#voids.length > MAX_VOIDS) this.#voids.shift()
    this.#arm()
    // What one turn refused is said in one message.
    if (this.#isFresh) return
    this.#isFresh = true
    queueMicrotask(() => {
      this.#isFresh = false
      for (const site of this.#audience.sites()) this.#sayVoids(site)
    })
  }

  /** The last word: how far all came, and that these say no more. Resolves when it was heard, or could not be. */
  async end(lanes: Iterable<Lane>): Promise<void> {
    this.#look()
    const over = [...lanes].filter(({ source }) => source !== undefined)
    const heard: Promise<void>[] = []
    for (const site of this.#audience.sites()) {
      const due = [...this.#lanes].filter(({ high, told }) => told[site] !== high)
      for (const some of chunks(due)) heard.push(new Promise((resolve) => this.#mark(site, some, resolve)))
      for (const some of chunks(over)) {
        const said: Said = { v: 1, ends: [[publisherOf(some), ...some.map(numberOf)]] }
        heard.push(new Promise((resolve) => this.#say(site, said, () => resolve())))
      }
    }
    await Promise.all(heard)
  }

  close(): void {
    this.#lanes.clear()
    this.#voids = []
  }

  #arm(): void {
    if (this.#lanes.size + this.#voids.length > 0) this.#audience.ticks.next(this.#tick)
  }

  readonly #tick = (): void => {
    const { runtime } = this.#audience
    const sites = this.#audience.sites()
    this.#round += 1
    const isRound = this.#round % ROUND === 0
    this.#voids = this.#voids.filter(({ until }) => until > runtime.now())
    this.#look()
    for (const site of sites) {
      this.#audience.open(site)
      if (isRound || this.#deaf.has(site)) this.#sayVoids(site)
      const due: Progress[] = []
      for (const one of this.#lanes) if (isDue(one, site, isRound)) due.push(one)
      for (const some of chunks(due)) this.#mark(site, some)
    }
    for (const one of this.#lanes) if (isOver(one, sites)) this.#lanes.delete(one)
    this.#arm()
  }

  #look(): void {
    for (const one of this.#lanes) {
      const { high, since = this.#audience.stamp() } = one.lane.ended
      one.still = high === one.high ? one.still + 1 : 0
      one.high = high
      one.timeMs = since
    }
  }

  #sayVoids(site: string): void {
    this.#deaf.delete(site)
    const said: Said = { v: 1, voids: this.#voids.map(({ what }) => what) }
    if (this.#voids.length > 0)
      this.#say(site, said, (isHeard) => {
        if (!isHeard) this.#deaf.add(site)
      })
  }

  /** `over`: it was heard or not. */
  #mark(site: string, some: readonly Progress[], over?: () => void): void {
    for (const one of some) one.told[site] = one.high
    this.#say(site, { v: 1, marks: [markOf(some)] }, (isHeard) => {
      if (!isHeard) for (const { told } of some) told[site] = 0
      over?.()
    })
  }

  #say(site: string, said: Said, over: (isHeard: boolean) => void): void {
    this.#audience.say(site, JSON.stringify(said), over)
  }
}

/** At home the messages themselves tell; only the last ones have nobody behind them. */
function isDue({ high, lane, still, told }: Progress, site: string, isRound: boolean): boolean {
  const isNew = (told[site] ?? 0) !== high
  const isHome = lane.lines.some((line) => line.site === site)
  if (isHome) return high > 0 && (still === 1 || still === ROUND || (isRound && isNew && still > ROUND))
  return high > 0 && isRound && (isNew || still < STILL)
}

/** Every site has heard it; from then on the lane is quiet. */
function isOver({ high, lane, still, told }: Progress, sites: readonly string[]): boolean {
  lane.isQuiet = still >= STILL && lane.idle && sites.every((site) => (told[site] ?? 0) === high)
  return lane.isQuiet
}

/** One stamp for all: an earlier one only delays what is owed. */
function markOf(some: readonly Progress[]): Mark {
  let earliest = Infinity
  const highs: number[] = []
  for (const { high, lane, timeMs } of some) {
    earliest = Math.min(earliest, timeMs)
    highs.push(numberOf(lane), high)
  }
  return [publisherOf(some.map(({ lane }) => lane)), earliest, ...highs]
}

/** All lanes here are one publisher's. */
function publisherOf([lane]: readonly Lane[]): string {
  const { source = '' } = lane ?? {}
  return source.slice(0, source.lastIndexOf('-') + 1)
}

function numberOf({ source = '' }: Lane): number {
  return Number(source.slice(source.lastIndexOf('-') + 1))
}

function chunks<One>(all: readonly One[]): readonly (readonly One[])[] {
  if (all.length <= MAX_LANES) return all.length === 0 ? [] : [all]
  const some: One[][] = []
  for (let from = 0; from < all.length; from += MAX_LANES) some.push(all.slice(from, from + MAX_LANES))
  return some
}

import type { QuotesPolicy, SiteName } from './routes.js'

/** What start.js tells the page: the processes as they are, and what was done to them. */
export interface Picture {
  /** Which run this is: another number, another start. */
  readonly run: number
  readonly quotes: QuotesPolicy
  readonly token: string
  readonly sites: readonly SitePicture[]
  readonly services: readonly ProcessPicture[]
  /** The day that is replayed now; absent before the first. */
  readonly day: DayPicture | undefined
  /** Newest last, bounded. */
  readonly log: readonly LogEntry[]
}

export interface ProcessPicture {
  readonly name: string
  readonly state: 'down' | 'starting' | 'running' | 'hung'
  readonly pid: number | undefined
}

export interface SitePicture extends ProcessPicture {
  readonly name: SiteName
  readonly url: string
  /** `cut`: nothing that the site says arrives any more; what is said to it does. */
  readonly network: 'whole' | 'cut'
  /** Absent when it is in the gateway's memory. */
  readonly engine: EnginePicture | undefined
}

/** What a site's messages are in. `embedded`: the memory of its gateway. */
export const ENGINES = ['embedded', 'nats', 'kubemq', 'kafka'] as const
export type EngineKind = (typeof ENGINES)[number]

/** The server that a site's messages are in. */
export interface EnginePicture {
  readonly kind: EngineKind
  /** Not the engine itself but a double of it. */
  readonly isDouble: boolean
  readonly state: 'down' | 'running' | 'hung'
  readonly pid: number
  readonly endpoint: string
}

export interface DayPicture {
  readonly round: number
  readonly day: string
  /** Unix ms. */
  readonly startedAt: number
  readonly ticks: number
  /** Ticks that the feed could not publish, since it began. */
  readonly failed: number
}

export type LogEntry = { readonly id: number /** Unix ms. */; readonly at: number } & (Happening | Failover | Move)

/** What was done to a process or became of it. `isFault`: its clients have to do something about it. */
export interface Happening {
  readonly kind: 'happening'
  readonly text: string
  readonly site: SiteName | undefined
  readonly isFault: boolean
}

/** A client gave up a site and was done with it at `at`. Unix ms. */
export interface Failover {
  readonly kind: 'failover'
  readonly who: string
  readonly site: SiteName
  readonly reason: string
  readonly firstSignAt: number
  /** When it was in doubt first; absent when its end left no doubt. */
  readonly suspectedAt: number | undefined
  /** When it was taken for lost. */
  readonly detectedAt: number
  /** How many lanes went elsewhere. */
  readonly lanes: number
}

/** A client's lanes went from one site to another at `at`, the last of them `ms` after the first sign of the fault. */
export interface Move {
  readonly kind: 'move'
  readonly who: string
  readonly from: SiteName
  readonly to: SiteName
  readonly reason: string
  readonly lanes: number
  readonly ms: number
}

/** What became of a site or of lanes, as a client saw it at `at`. Unix ms. */
export type News = { readonly at: number } & (Omit<Failover, 'who'> | Omit<Move, 'who'>)

/** What the page may ask for. `cut` is for the site's network, the rest for its gateway and engine. */
export const ACTIONS = ['kill', 'hang', 'cut', 'heal', 'restart'] as const
export type Action = (typeof ACTIONS)[number]

/** What it may ask for the engine alone, behind a gateway that lives. */
export const ENGINE_ACTIONS = ['kill', 'hang', 'heal', 'restart'] as const
export type EngineAction = (typeof ENGINE_ACTIONS)[number]

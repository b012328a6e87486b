import type { QuotesPolicy, SiteName } from './routes.js'

/** What start.js tells the page: the processes as they are, and what was done to them. */
export interface Picture {
  /** Which run this is: another number, another start. */
  readonly run: number
  readonly quotes: QuotesPolicy
  readonly token: string
  readonly sites: readonly ProcessPicture[]
  readonly services: readonly Omit<ProcessPicture, 'url'>[]
  /** The day that is replayed now; absent before the first. */
  readonly day: DayPicture | undefined
  /** Newest last, bounded. */
  readonly log: readonly LogEntry[]
}

export interface ProcessPicture {
  readonly name: string
  readonly state: 'down' | 'starting' | 'running' | 'hung'
  readonly pid: number | undefined
  readonly url: string
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

export interface LogEntry {
  readonly id: number
  /** Unix ms. */
  readonly at: number
  readonly text: string
  readonly site: SiteName | undefined
}

/** What the page may ask for. */
export const ACTIONS = ['kill', 'hang', 'resume', 'restart'] as const
export type Action = (typeof ACTIONS)[number]

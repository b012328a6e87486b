import type { ChannelSpec } from '@spanwire/driver'
import { ANY_PARAMS } from '../route/match.js'

/** A run of seqs of one source that nobody will ever receive. */
export type Void = readonly [source: string, first: number, last: number]

/** At `timeMs` all up to each `high` of these lanes had ended, and what was handed over later has that stamp or a later one. */
export type Mark = readonly [publisher: string, timeMs: number, ...lanesAndHighs: number[]]

/** These lanes of a publisher say no more. */
export type End = readonly [publisher: string, ...lanes: number[]]

/**
 * What travels beside a topic's messages, as JSON (R6). `publisher` with the dash behind it: a lane's number makes it a
 * source. Gateways hold the first text of every entry against who sent it (R52).
 */
export interface Said {
  readonly v: 1
  readonly voids?: readonly Void[]
  readonly marks?: readonly Mark[]
  readonly ends?: readonly End[]
}

const MARKS = 'sw.marks.'

export function isMarks(channel: string): boolean {
  return channel.startsWith(MARKS)
}

/** The channel whose marks these are, as far as routes need to know it: marks do not tell how many parameters it has. */
export function marked(marks: ChannelSpec): ChannelSpec {
  return { ...marks, name: marks.name.slice(MARKS.length), params: ANY_PARAMS }
}

/** The side channel of a contract's marks and voids (R6). Live, because a mark that nobody hears is said again; without parameters, because one message speaks of many lanes. */
export function marksSpec(name: string): ChannelSpec {
  return { name: MARKS + name, params: 0, kind: 'topic', keep: 'live', latest: false }
}

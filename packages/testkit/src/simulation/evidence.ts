import type { Timed } from './plan.js'
import type { Act, Reading, Records } from './record.js'
import type { Scope } from './scope.js'
import type { Tally } from './tally.js'

/** A promise that was broken: which one (`I1` to `I20`), and what was seen. */
export interface Violation {
  readonly invariant: string
  readonly what: string
}

/** Everything that the judge sees: both ends, the wire, and what went wrong when. */
export interface Evidence {
  readonly records: Records
  readonly tally: Tally
  readonly plan: readonly Timed[]
  /** By site: when its data was destroyed. */
  readonly wiped: ReadonlyMap<string, readonly number[]>
  /** From then on nothing was wrong any more, ms. */
  readonly healedMs: number
  readonly endMs: number
  /** How long a publisher keeps what was acknowledged, ms. */
  readonly retainMs: number
  readonly sites: readonly string[]
  /** Where a process might send, by the routes that it followed from then on, in the order of time. */
  readonly followed: readonly (Scope & { readonly process: string; readonly atMs: number })[]
  /** The site that a channel prefers, of those that prefer one. */
  readonly primary: ReadonlyMap<string, string>
  /** What the readers' tables show at the end, by machine. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** What was left after everything was closed: links, receptions, timers. */
  readonly left: Readonly<Record<string, number>>
}

/** Where a process runs. */
export function machineOf(process: string): string {
  return process.split('#')[0] ?? ''
}

export type Rule = (seen: Evidence) => Iterable<string>

export function describe(act: Act): string {
  const id = act.id === undefined ? '' : ` (${act.id})`
  return `${act.kind} ${act.token} on ${act.channel}${act.path === '' ? '' : `.${act.path}`}${id} of ${act.machine} at ${act.atMs.toFixed(0)}`
}

export function about(reading: Reading): string {
  return `${reading.machine}, who reads ${reading.channel},`
}

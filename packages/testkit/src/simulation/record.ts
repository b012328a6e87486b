import { createHash } from 'node:crypto'

/** What an operation of a client came to. `open`: it has not settled. */
export type Outcome = 'open' | 'done' | 'failed' | 'unknown'

/** A publish, send or request, as its caller saw it. A machine here, and in all records, is one of its processes. */
export interface Act {
  readonly kind: 'publish' | 'send' | 'request'
  readonly machine: string
  readonly channel: string
  readonly path: string
  /** In the body; no two acts share one. */
  readonly token: number
  readonly atMs: number
  readonly deadlineMs: number
  outcome: Outcome
  settledMs: number
  code?: string
  id?: string
  sites?: readonly string[]
}

/** What a subscription gave to its reader. */
export interface Given {
  readonly token: number
  readonly path: string
  readonly atMs: number
  readonly site: string
  readonly source: string | undefined
  readonly seq: number | undefined
  readonly late: boolean
  readonly again: boolean
  readonly uncertain: boolean
}

export interface Reading {
  readonly machine: string
  readonly channel: string
  readonly order: 'strict' | 'arrival' | 'newest'
  /** Ready: what is published from then on is owed. */
  readyMs: number
  /** When its reader left, if it did. */
  leftMs: number
  readonly given: Given[]
  readonly gaps: {
    readonly source: string
    readonly first: number
    readonly last: number
    readonly atMs: number
    readonly reason: string
  }[]
  readonly closed: { readonly source: string; readonly seq: number; readonly atMs: number }[]
  dropped: number
}

/** One run of a handler: of a job, or of a request. */
export interface Run {
  readonly kind: 'job' | 'request'
  readonly machine: string
  readonly token: number
  readonly atMs: number
  readonly again: boolean
  readonly redelivered: boolean
  endMs: number
  result: 'open' | 'done' | 'failed'
  /** What the engine confirmed of it. */
  settled?: string
}

/** What a group's member was given. */
export interface Share extends Omit<Given, 'path'> {
  readonly machine: string
  /** Its place among the members. */
  readonly member: number
  /** When it was handled: its reader asked for the next one. */
  handledMs: number
}

/** Both ends of everything that happened. */
export interface Records {
  readonly acts: Act[]
  readonly readings: Reading[]
  readonly runs: Run[]
  readonly shares: Share[]
  /** A group's members, from when on each was ready, until it left. */
  readonly members: { readonly machine: string; readyMs: number; leftMs: number }[]
  readonly states: {
    readonly machine: string
    readonly site: string
    readonly to: string
    readonly atMs: number
    readonly reason: string
  }[]
  /** When a process ended that did not close, by its name. */
  readonly ends: Map<string, number>
  readonly moves: {
    readonly machine: string
    readonly channel: string
    readonly from: string
    readonly to: string
    readonly atMs: number
  }[]
}

const HASHED_AT_ONCE = 65_536

/** A line per event, and a hash over all of them: the same seed gives the same. */
export class Journal {
  readonly records: Records = {
    acts: [],
    readings: [],
    runs: [],
    shares: [],
    members: [],
    states: [],
    ends: new Map(),
    moves: [],
  }
  readonly #hash = createHash('sha256')
  readonly #keep: boolean
  readonly #now: () => number
  readonly lines: string[] = []
  #text = ''

  /** `keep`: the lines themselves, for who wants to read them. */
  constructor(now: () => number, keep: boolean) {
    this.#now = now
    this.#keep = keep
  }

  note(line: string): void {
    const dated = `${this.#now().toFixed(3)} ${line}`
    this.#text += `${dated}\n`
    if (this.#text.length > HASHED_AT_ONCE) this.#flush()
    if (this.#keep) this.lines.push(dated)
  }

  /** Once, at the end. */
  digest(): string {
    this.#flush()
    return this.#hash.digest('hex').slice(0, 16)
  }

  #flush(): void {
    this.#hash.update(this.#text)
    this.#text = ''
  }
}

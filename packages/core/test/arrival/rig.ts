import { Arrival, type ArrivalOptions, type Flags } from '../../src/arrival/arrival.js'

/** The subscription's start, Unix ms. The monotonic clock says 0 then. */
export const START = 1_000_000_000_000

export interface Copy {
  readonly source?: string | undefined
  readonly seq?: number
  /** Default: right after the start, in the order of seq. */
  readonly timeMs?: number
  readonly again?: boolean
  readonly site?: string
  readonly bytes?: number
  readonly id?: string
}

/** An Arrival whose output is a list of short texts: `p:5`, `p:4 late again`, `gap p:6-7 missing`, `closed p:6`. */
export class Rig {
  readonly arrival: Arrival<string>
  readonly log: string[] = []
  readonly given: { readonly message: string; readonly flags: Flags }[] = []
  now = 0

  constructor(options: Partial<ArrivalOptions> = {}) {
    this.arrival = new Arrival<string>(
      { order: 'strict', live: false, startWallMs: START, fromNow: true, gaps: true, ...options },
      {
        give: (message, flags) => {
          this.given.push({ message, flags })
          this.log.push(message + words(flags))
        },
        gap: ({ source, first, last, reason }) => this.log.push(`gap ${source}:${first}-${last} ${reason}`),
        closed: ({ source, seq }) => this.log.push(`closed ${source}:${seq}`),
      },
    )
  }

  /** Takes copies one after another, and says what came out. */
  take(...copies: (number | Copy)[]): string[] {
    return this.#said(() => {
      for (const one of copies) {
        const copy = typeof one === 'number' ? { seq: one } : one
        const { seq = 0, again = false, site = 'a', bytes = 1, id } = copy
        const source = 'source' in copy ? copy.source : 'p'
        const { timeMs = START + seq } = copy
        const message = `${source ?? 'foreign'}:${seq}`
        this.arrival.take({ source, seq, timeMs, again, site, bytes, message, id }, this.now)
      }
    })
  }

  refused(first: number, last = first, source = 'p'): string[] {
    return this.#said(() => this.arrival.refused(source, first, last, this.now))
  }

  mark(high: number, timeMs: number = START + high, source = 'p'): string[] {
    return this.#said(() => this.arrival.mark(source, high, timeMs, this.now))
  }

  /** Lets time pass, with a tick at every deadline and at the end. */
  pass(ms: number, allAttached = true): string[] {
    return this.#said(() => {
      const end = this.now + ms
      this.arrival.tick(this.now, allAttached)
      for (let at = this.arrival.nextDeadline(); at !== undefined && at <= end; at = this.arrival.nextDeadline()) {
        this.now = at
        this.arrival.tick(at, allAttached)
        const next = this.arrival.nextDeadline()
        if (next !== undefined && next <= at) throw new Error('a tick at the deadline did not serve it')
      }
      this.now = end
      this.arrival.tick(end, allAttached)
    })
  }

  #said(act: () => void): string[] {
    const before = this.log.length
    act()
    return this.log.slice(before)
  }
}

export function words(flags: Flags): string {
  return (flags.late ? ' late' : '') + (flags.uncertain ? ' uncertain' : '') + (flags.again ? ' again' : '')
}

/** first, first + 1, ... last */
export function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n)
}

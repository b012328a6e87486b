import type { ArrivalOptions } from '../../src/arrival/arrival.js'
import { type Op, stampOf } from './ops.js'
import type { Copy } from './rig.js'

interface Waiting {
  readonly copy: Required<Pick<Copy, 'seq' | 'again'>>
  readonly since: number
}

interface Source {
  readonly seen: Set<number>
  readonly held: Waiting[]
  /** Missing since, not reported. */
  readonly pending: Map<number, number>
  readonly reported: Set<number>
  next: number
  owed: number
  /** The lowest first attempt, or what follows a mark. */
  wanted: number
  known: number
}

/**
 * R26 to R35 once more, number by number, with sets instead of windows, holes and gaps: slow, and short enough to be
 * compared with the rules by eye. Says the same texts as the rig, a gap once per number.
 */
export class Model {
  readonly #sources: Map<string, Source> = new Map()
  readonly #options: ArrivalOptions
  readonly #maxHeld: number
  readonly #log: string[] = []
  /** Now, without the stalls. */
  #now = 0
  #stalls = 0

  constructor(options: ArrivalOptions) {
    this.#options = options
    this.#maxHeld = options.limits?.heldMessages ?? 1_000
  }

  play(op: Op, now: number): string[] {
    if (op.op === 'stalled') this.#stalls += op.byMs
    this.#now = now - this.#stalls
    if (op.op === 'take') this.#take(op.source, op.seq, op.again)
    else if (op.op === 'refused') this.#refused(op.source, op.seq, op.seq + op.more)
    else if (op.op === 'mark') this.#mark(op.source, op.seq)
    else if (op.op === 'tick') this.#tick(op.allAttached)
    return this.#log.splice(0)
  }

  #take(name: string, seq: number, again: boolean): void {
    const timeMs = stampOf(name, seq)
    const { order, fromNow, startWallMs } = this.#options
    const known = this.#sources.get(name)
    if (fromNow && again && timeMs < startWallMs - 5_000 && seq < (known?.wanted ?? Number.POSITIVE_INFINITY)) return
    this.#step(name, (source) => {
      if (source.seen.has(seq)) return
      source.seen.add(seq)
      if (source.reported.delete(seq)) this.#log.push(`closed ${name}:${seq}`)
      source.known = Math.max(source.known, seq)
      if (!again) source.wanted = Math.min(source.wanted, seq)
      if (!again && timeMs >= startWallMs) source.owed = Math.min(source.owed, seq)
      this.#look(source)
      if (order === 'strict' && source.next > 0 && seq > source.next) {
        source.held.push({ copy: { seq, again }, since: this.#now })
        if (source.held.length > this.#maxHeld) this.#giveUp(name, source)
      } else if (order !== 'newest' || seq >= source.next) {
        this.#give(name, { seq, again }, seq < source.next)
        source.next = Math.max(source.next, seq + 1)
        this.#drain(name, source)
      }
    })
  }

  #refused(name: string, first: number, last: number): void {
    if (!this.#sources.has(name)) return
    this.#step(name, (source) => {
      for (let seq = first; seq <= last; seq++) {
        if (source.reported.delete(seq)) this.#log.push(`closed ${name}:${seq}`)
        source.seen.add(seq)
      }
      source.known = Math.max(source.known, last)
      this.#look(source)
      this.#drain(name, source)
    })
  }

  #mark(name: string, high: number): void {
    if (!this.#duty) return
    this.#step(name, (source) => {
      source.known = Math.max(source.known, high)
      this.#look(source)
      source.wanted = Math.min(source.wanted, high + 1)
      if (stampOf(name, high) >= this.#options.startWallMs) source.owed = Math.min(source.owed, high + 1)
      this.#look(source)
    })
  }

  #tick(allAttached: boolean): void {
    const holdMs = this.#options.holdMs ?? 2_000
    const waitMs = allAttached ? (this.#options.live ? 2_000 : 10_000) : 60_000
    for (const [name, source] of this.#sources) {
      while (source.held.some(({ since }) => since + holdMs <= this.#now)) this.#giveUp(name, source)
      for (const [seq] of [...source.pending].filter(([, since]) => since + waitMs <= this.#now)) {
        source.pending.delete(seq)
        source.reported.add(seq)
        this.#log.push(`gap ${name}:${seq} ${allAttached ? 'missing' : 'site-unreachable'}`)
      }
    }
  }

  get #duty(): boolean {
    return this.#options.gaps && this.#options.order !== 'newest'
  }

  #step(name: string, act: (source: Source) => void): void {
    const fresh = { seen: new Set<number>(), held: [], pending: new Map<number, number>(), reported: new Set<number>() }
    const none = { owed: Number.POSITIVE_INFINITY, wanted: Number.POSITIVE_INFINITY }
    const source = this.#sources.get(name) ?? { ...fresh, ...none, next: 0, known: 0 }
    this.#sources.set(name, source)
    act(source)
  }

  /** What is owed, known to exist, and not there, is missing from the moment on that this is so. */
  #look(source: Source): void {
    for (const seq of source.pending.keys()) if (source.seen.has(seq)) source.pending.delete(seq)
    if (!this.#duty) return
    for (let seq = source.owed; seq <= source.known; seq++)
      if (!source.seen.has(seq) && !source.pending.has(seq) && !source.reported.has(seq))
        source.pending.set(seq, this.#now)
  }

  #give(name: string, { seq, again }: Waiting['copy'], late: boolean): void {
    this.#log.push(`${name}:${seq}${late ? ' late' : ''}${again ? ' again' : ''}`)
  }

  /** The hole before the message that has waited longest is given up. */
  #giveUp(name: string, source: Source): void {
    const [oldest] = source.held
    if (oldest === undefined) return
    const first = source.held.filter(({ copy }) => copy.seq <= oldest.copy.seq)
    for (const { copy } of first.sort((a, b) => a.copy.seq - b.copy.seq)) {
      source.held.splice(
        source.held.findIndex((one) => one.copy === copy),
        1,
      )
      this.#give(name, copy, false)
    }
    source.next = oldest.copy.seq + 1
    this.#drain(name, source)
  }

  #drain(name: string, source: Source): void {
    if (this.#options.order !== 'strict' || source.next === 0) return
    while (source.seen.has(source.next)) {
      const at = source.held.findIndex(({ copy }) => copy.seq === source.next)
      const [waiting] = at < 0 ? [] : source.held.splice(at, 1)
      if (waiting) this.#give(name, waiting.copy, false)
      source.next++
    }
  }
}

import type { Arrival, ArrivalSink, Arrived, Flags } from '../../src/arrival/arrival.js'
import { copyOf, type Op, stampOf } from './ops.js'
import { span } from './rig.js'

/** Knows no rule, only what I1, I2 and I6 promise of the whole. Ticks at every deadline, as an owner should. */
export class Judge implements ArrivalSink<string> {
  #nowMs = 0
  readonly #cameAt: Map<string, number> = new Map()
  readonly #met: Set<string> = new Set()
  readonly #voids: Set<string> = new Set()
  readonly #given: Map<string, number> = new Map()
  readonly #reported: Map<string, number> = new Map()
  readonly #closed: Map<string, number> = new Map()
  readonly #highest: Map<string, number> = new Map()

  play(arrival: Arrival<string>, op: Op): void {
    this.pass(arrival, op.after)
    if (op.op === 'take') this.#take(arrival, copyOf(op))
    else if (op.op === 'refused') {
      // What is refused is never delivered (I17), so it is another number; and before a source is met, voids say nothing.
      const seq = op.seq + 300
      if (this.#met.has(op.source)) this.#voids.add(`${op.source}:${seq}`)
      arrival.refused(op.source, seq, seq, this.#nowMs)
    } else if (op.op === 'mark') {
      this.#met.add(op.source)
      arrival.mark(op.source, op.seq, stampOf(op.source, op.seq), this.#nowMs)
    }
  }

  pass(arrival: Arrival<string>, ms: number): void {
    const end = this.#nowMs + ms
    for (let at = arrival.nextDeadline(); at !== undefined && at <= end; at = arrival.nextDeadline()) {
      this.#nowMs = at
      arrival.tick(at, true)
    }
    this.#nowMs = end
  }

  give(message: string, { late }: Flags): void {
    this.#given.set(message, (this.#given.get(message) ?? 0) + 1)
    const heldMs = this.#nowMs - (this.#cameAt.get(message) ?? Number.NEGATIVE_INFINITY)
    if (heldMs > 2_000) throw new Error(`I6: ${message} waited ${heldMs} ms`)
    const [name, seq] = parts(message)
    const highest = this.#highest.get(name) ?? 0
    if (late !== seq < highest) throw new Error(`I6: ${message} was given after ${highest}, late: ${late}`)
    this.#highest.set(name, Math.max(highest, seq))
  }

  gap({ source, first, last }: { readonly source: string; readonly first: number; readonly last: number }): void {
    for (const one of span(first, last).map((seq) => `${source}:${seq}`)) {
      if (this.#given.has(one) || this.#voids.has(one)) throw new Error(`I2: ${one} is reported, though it is here`)
      this.#reported.set(one, (this.#reported.get(one) ?? 0) + 1)
    }
  }

  closed({ source, seq }: { readonly source: string; readonly seq: number }): void {
    const one = `${source}:${seq}`
    if (!this.#reported.has(one)) throw new Error(`I2: ${one} is closed, though it was never open`)
    this.#closed.set(one, (this.#closed.get(one) ?? 0) + 1)
  }

  /** What is wrong when all is over. */
  faults(arrival: Arrival<string>): string[] {
    const { received, duplicates, dropped, held, gapsOpen } = arrival.stats
    const faults: string[] = []
    const claim = (text: string, holds: boolean) => {
      if (!holds) faults.push(text)
    }
    for (const [name, counts] of Object.entries({ given: this.#given, reported: this.#reported, closed: this.#closed }))
      for (const [one, count] of counts) claim(`${one} ${name} ${count} times`, count === 1)
    claim('nothing is held or waited for', held === 0 && arrival.nextDeadline() === undefined)
    claim('gapsOpen is what was reported and not closed', gapsOpen === this.#reported.size - this.#closed.size)
    claim('all that came is given, doubled or dropped', this.#given.size === received - duplicates - dropped)
    for (const one of this.#reported.keys())
      claim(`${one} closed iff it came`, this.#closed.has(one) === (this.#given.has(one) || this.#voids.has(one)))
    return faults.concat(this.#unaccounted())
  }

  #take(arrival: Arrival<string>, copy: Arrived<string>): void {
    const { dropped } = arrival.stats
    const cameAt = this.#cameAt.get(copy.message) ?? this.#nowMs
    this.#cameAt.set(copy.message, cameAt)
    arrival.take(copy, this.#nowMs)
    if (arrival.stats.dropped === dropped) this.#met.add(copy.source ?? '')
    // Not wanted (R27): another copy is judged by itself.
    else if (cameAt === this.#nowMs) this.#cameAt.delete(copy.message)
  }

  /** From the lowest report of a source up to the highest given one, each is given, void or open. */
  #unaccounted(): string[] {
    const lowest = new Map<string, number>()
    for (const [name, seq] of [...this.#reported.keys()].map(parts))
      lowest.set(name, Math.min(lowest.get(name) ?? Number.POSITIVE_INFINITY, seq))
    const all = [...lowest].flatMap(([name, from]) =>
      span(from, this.#highest.get(name) ?? 0).map((seq) => `${name}:${seq}`),
    )
    return all.filter((one) => {
      const open = this.#reported.has(one) && !this.#closed.has(one)
      return [this.#given.has(one), this.#voids.has(one), open].filter(Boolean).length !== 1
    })
  }
}

function parts(message: string): [name: string, seq: number] {
  const [name = '', seq] = message.split(':')
  return [name, Number(seq)]
}

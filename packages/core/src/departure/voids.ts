import type { ChannelSpec } from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'

/** A run of seqs of one source that nobody will ever receive. */
export type Void = readonly [source: string, first: number, last: number]

const MARKS = 'sw.marks.'

/** The side channel of a contract's marks and voids (R6): a live topic without parameters. */
export function marksChannel(name: string): string {
  return MARKS + name
}

export function isMarks(channel: string): boolean {
  return channel.startsWith(MARKS)
}

/** The channel whose marks these are; whatever its parameters, they match the same route. */
export function marked(marks: ChannelSpec): ChannelSpec {
  return { ...marks, name: marks.name.slice(MARKS.length) }
}

/** What travels on it, as JSON. `marks` is the place of the vectors of R16. */
export interface Marks {
  readonly v: 1
  readonly voids?: readonly Void[]
  readonly marks?: readonly (readonly [source: string, high: number, timeMs: number])[]
}

/** Said at once, and again until everybody had the chance to hear it. */
const REPEAT_MS = 5_000
const REPEAT_FOR_MS = 60_000
/** Voids that are still repeated; beyond, the oldest is said no more. */
const MAX_VOIDS = 1_000

/** Announces refused seqs on all sites, at once and again for a minute (R15). One per contract. */
export class Voids {
  readonly #runtime: Runtime
  readonly #say: (marks: Marks) => void
  #voids: { readonly what: Void; readonly until: number }[] = []
  #timer: (() => void) | undefined
  #fresh = false

  constructor(runtime: Runtime, say: (marks: Marks) => void) {
    this.#runtime = runtime
    this.#say = say
  }

  add(source: string, seq: number): void {
    this.#voids.push({ what: [source, seq, seq], until: this.#runtime.now() + REPEAT_FOR_MS })
    if (this.#voids.length > MAX_VOIDS) this.#voids.shift()
    if (this.#fresh) return
    this.#fresh = true
    // What one turn refused is said in one message.
    queueMicrotask(() => {
      this.#fresh = false
      this.#repeat()
    })
  }

  close(): void {
    this.#timer?.()
    this.#voids = []
  }

  #repeat(): void {
    this.#timer?.()
    this.#timer = undefined
    const now = this.#runtime.now()
    this.#voids = this.#voids.filter((one) => one.until > now)
    if (this.#voids.length === 0) return
    this.#say({ v: 1, voids: this.#voids.map((one) => one.what) })
    this.#timer = this.#runtime.after(REPEAT_MS, () => this.#repeat())
  }
}

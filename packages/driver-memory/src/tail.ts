import type { Flow } from '@spanwire/driver'
import type { Entry } from './entry.js'

/** What a reader at the end of a topic has not pulled yet. Bound: its flow; who pushes looks at {@link Tail.isOver} and drops. */
export class Tail {
  #flow: Flow
  /** The order of arrival, from `#head` on; unused while conflating. */
  #entries: Entry[] = []
  #head = 0
  /** Newest of each path, when the reader allowed to skip the others. */
  #newest: Map<string, Entry> | undefined
  #bytes = 0
  #canExpire = false

  constructor(flow: Flow) {
    this.#flow = flow
    this.adjust(flow)
  }

  get size(): number {
    return this.#newest?.size ?? this.#entries.length - this.#head
  }

  get isOver(): boolean {
    const size = this.size
    return size > 1 && (size > this.#flow.messages || this.#bytes > this.#flow.bytes)
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    const conflates = flow.conflateHz !== undefined
    if (conflates === (this.#newest !== undefined)) return
    const entries = this.take(Number.NEGATIVE_INFINITY)
    this.#newest = conflates ? new Map() : undefined
    for (const entry of entries) this.push(entry)
  }

  push(entry: Entry): void {
    this.#bytes += entry.size
    if (entry.expiresAt !== Number.POSITIVE_INFINITY) this.#canExpire = true
    if (this.#newest === undefined) this.#entries.push(entry)
    else this.#replace(this.#newest, entry)
  }

  /** The oldest, taken out. */
  drop(): Entry | undefined {
    const oldest = this.#newest?.values().next().value ?? this.#entries[this.#head]
    if (oldest === undefined) return undefined
    this.#bytes -= oldest.size
    if (this.#newest !== undefined) this.#newest.delete(oldest.path)
    else this.#head++
    if (this.#head >= 1_024 && this.#head * 2 >= this.#entries.length) this.#compact()
    return oldest
  }

  /** All of it that has not expired by `now`. */
  take(now: number): readonly Entry[] {
    this.#compact()
    const all = this.#newest === undefined ? this.#entries : [...this.#newest.values()]
    const canExpire = this.#canExpire
    this.clear()
    return canExpire ? all.filter((entry) => entry.expiresAt > now) : all
  }

  clear(): void {
    this.#entries = []
    this.#head = 0
    this.#newest?.clear()
    this.#bytes = 0
    this.#canExpire = false
  }

  #replace(newest: Map<string, Entry>, entry: Entry): void {
    const older = newest.get(entry.path)
    if (older !== undefined) {
      this.#bytes -= older.size
      newest.delete(entry.path)
    }
    newest.set(entry.path, entry)
  }

  #compact(): void {
    if (this.#head === 0) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}

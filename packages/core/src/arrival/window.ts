/** `late`: not the highest so far, and not seen before. `uncertain`: too far back to tell whether it was seen. */
export type Verdict = 'new' | 'late' | 'duplicate' | 'uncertain'

/**
 * Which numbers of one source were seen (R29). Above, a bitmap that begins with 64 bits, stored inline; below it a
 * list of up to 64 intervals that were not seen. When the list overflows, the bitmap doubles and takes from it, up to
 * 65,536 bits; then the lowest interval is dropped, and all up to its end is uncertain from then on.
 */
export class Window {
  /** The highest number seen; 0: none. */
  high = 0
  /** At or below it nothing is known. Always below the bitmap. */
  floor = 0
  /** Numbers not seen that fell below the floor, as first, last, first, last ...; the reader takes them away. */
  lost: number[] | undefined
  // The slot of a number is the number modulo the size: its former tenant is the number that leaves the bitmap.
  #even = -1
  #odd = -1
  #words: Uint32Array | undefined
  #list: number[] | undefined

  /** Judges a number, and counts it as seen. */
  verdict(seq: number): Verdict {
    if (seq > this.high) {
      // The slot says that the number which leaves was seen: that serves the new one as it is.
      if (seq === this.high + 1 && this.#bit(seq)) this.high = seq
      else this.#jump(seq)
      return 'new'
    }
    if (seq <= this.high - this.#size) return this.#below(seq)
    if (this.#bit(seq)) return 'duplicate'
    this.#put(seq, true)
    return 'late'
  }

  /** Was it seen, as far as is known? */
  seen(seq: number): boolean {
    return seq <= this.high && this.missing(seq, seq).length === 0
  }

  /** The runs of numbers from `first` to `last` that were not seen and lie above the floor, as first, last, first, last ... */
  missing(first: number, last: number): number[] {
    const runs: number[] = []
    const low = this.high - this.#size
    const list = this.#list
    if (list && first <= low)
      each(list, (from, to) => {
        if (to >= first && from <= last) join(runs, Math.max(from, first), Math.min(to, last))
      })
    for (let seq = Math.max(first, low + 1); seq <= last && seq <= this.high; seq++)
      if (!this.#bit(seq)) join(runs, seq, seq)
    if (last > this.high) join(runs, Math.max(first, this.high + 1), last)
    return runs
  }

  /** As plain numbers, with `unseen` (ascending) counted as not seen: floor, high, then the runs that are missing. */
  save(unseen: readonly number[]): number[] {
    const runs: [number, number][] = unseen.map((seq) => [seq, seq])
    each(this.missing(this.floor + 1, this.high), (first, last) => runs.push([first, last]))
    const saved = [this.floor, this.high]
    for (const [first, last] of runs.sort((a, b) => a[0] - b[0])) join(saved, first, last, 2)
    return saved
  }

  /** The reverse of {@link Window.save}. */
  static restore(saved: readonly number[]): Window {
    const window = new Window()
    const [floor = 0, high = 0, ...list] = saved
    window.floor = floor
    window.high = high
    window.#list = list
    window.#pull()
    window.#trim()
    return window
  }

  get #size(): number {
    return this.#words === undefined ? 64 : this.#words.length * 32
  }

  #bit(seq: number): boolean {
    const words = this.#words
    const word = words ? (words[(seq >>> 5) & (words.length - 1)] ?? 0) : seq & 32 ? this.#odd : this.#even
    return ((word >>> (seq & 31)) & 1) === 1
  }

  #put(seq: number, seen: boolean): void {
    const bit = 1 << (seq & 31)
    const set = (word: number) => (seen ? word | bit : word & ~bit)
    const words = this.#words
    const at = words ? (seq >>> 5) & (words.length - 1) : 0
    if (words) words[at] = set(words[at] ?? 0)
    else if (seq & 32) this.#odd = set(this.#odd)
    else this.#even = set(this.#even)
  }

  #jump(to: number): void {
    const size = this.#size
    const leaving = this.missing(this.high - size + 1, to - size)
    if (leaving.length > 0) this.#enlist(leaving)
    for (let seq = Math.max(this.high, to - size) + 1; seq < to; seq++) this.#put(seq, false)
    this.#put(to, true)
    this.high = to
    this.#trim()
  }

  #enlist(runs: number[]): void {
    const list = this.#list
    if (list) each(runs, (first, last) => join(list, first, last))
    // A copy of the exact size: most lanes never have more than the one interval before their first sight.
    else this.#list = runs.slice()
  }

  #below(seq: number): Verdict {
    const list = this.#list ?? []
    for (let at = list.length - 2; at >= 0; at -= 2) {
      const first = list[at] ?? 0
      const last = list[at + 1] ?? 0
      if (seq > last) break
      if (seq < first) continue
      list.splice(at, 2, ...(first < seq ? [first, seq - 1] : []), ...(seq < last ? [seq + 1, last] : []))
      this.#trim()
      return 'late'
    }
    return seq <= this.floor ? 'uncertain' : 'duplicate'
  }

  #trim(): void {
    const list = this.#list
    if (list === undefined || list.length <= MAX_NUMBERS) return
    if (this.#size < MAX_BITS) this.#grow()
    else {
      const gone = list.splice(0, list.length - MAX_NUMBERS)
      this.floor = gone[gone.length - 1] ?? 0
      this.lost = (this.lost ?? []).concat(gone)
    }
  }

  #grow(): void {
    const size = this.#size * 2
    this.#list = this.missing(this.floor + 1, this.high)
    this.#words = new Uint32Array(size / 32).fill(-1)
    this.#pull()
    this.#trim()
  }

  /** Moves what the bitmap covers from the list into it. */
  #pull(): void {
    const low = this.high - this.#size
    const kept: number[] = []
    each(this.#list ?? [], (first, last) => {
      if (first <= low) kept.push(first, Math.min(last, low))
      for (let seq = Math.max(first, low + 1); seq <= last; seq++) this.#put(seq, false)
    })
    this.#list = kept.length > 0 ? kept : undefined
  }
}

/** 64 intervals. */
const MAX_NUMBERS = 128
const MAX_BITS = 65_536

/** Walks through first, last, first, last ... */
export function each(runs: readonly number[], visit: (first: number, last: number) => void): void {
  for (let at = 0; at < runs.length; at += 2) visit(runs[at] ?? 0, runs[at + 1] ?? 0)
}

/** Adds a run behind the others, as part of the last one where they touch or overlap. `from`: where the runs begin. */
function join(runs: number[], first: number, last: number, from = 0): void {
  const end = runs[runs.length - 1] ?? 0
  if (runs.length > from && first <= end + 1) runs[runs.length - 1] = Math.max(end, last)
  else runs.push(first, last)
}

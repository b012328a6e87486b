import type { Writable } from 'node:stream'

/** What may wait for the reader; from here on commands neither send nor read until it has caught up. */
const MAX_WAITING_BYTES = 1 << 20

/** Lines for programs: one JSON object each, written once per turn, in the order in which they were printed. */
export class Lines {
  readonly #out: Writable
  #pending = ''
  #flushing: NodeJS.Immediate | undefined
  #waiting: (() => void)[] = []
  #gone = false

  /** `onGone`: the reader has closed its end; what is printed from then on goes nowhere. */
  constructor(out: Writable, onGone: () => void) {
    this.#out = out
    out.on('drain', () => this.#release())
    out.on('error', () => {
      if (this.#gone) return
      this.#gone = true
      this.#release()
      onGone()
    })
  }

  /** `ts`: Unix ms with fractions, steady within the process. */
  print(name: string, fields: object = {}): void {
    if (this.#gone) return
    const ts = Math.round((performance.timeOrigin + performance.now()) * 1_000) / 1_000
    this.#pending += `${JSON.stringify({ name, ts, pid: process.pid, ...fields })}\n`
    this.#flushing ??= setImmediate(() => this.#write())
  }

  /** More waits than should: print no more than what is under way. */
  get full(): boolean {
    return !this.#gone && this.#pending.length + this.#out.writableLength > MAX_WAITING_BYTES
  }

  /** Resolves when the reader has caught up; `undefined`: it has. */
  room(): Promise<void> | undefined {
    return this.full ? new Promise((resolve) => this.#waiting.push(resolve)) : undefined
  }

  /** Resolves when the system has every line, or nobody reads any more. */
  async flush(): Promise<void> {
    this.#write()
    if (!this.#gone && this.#out.writableLength > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #write(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    const text = this.#pending
    this.#pending = ''
    if (!this.#gone && text !== '') this.#out.write(text)
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

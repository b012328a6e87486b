/** What a subscriber's stream is here: takes objects, says when it has enough, and when it takes more. */
export interface Sink<T> {
  write(message: T): boolean
  once(event: 'drain', listener: () => void): unknown
}

export interface OutletBounds {
  readonly buffered: number
  readonly writeDeadlineMs: number
}

/** What the broker inside holds for a subscriber that does not read; beyond it the newest are dropped. */
const MAX_WAITING = 65_536

interface Waiting<T> {
  readonly message: T
  readonly taken: () => void
}

/**
 * The way to one subscriber. A buffer; and while that is full, one message waits for 2 s and is dropped, then the next: the
 * gaps of a slow consumer are single events (3.2). `taken` is called when a message is in the buffer or dropped, which
 * is when the server takes it for delivered (C1).
 */
export class Outlet<T> {
  readonly #sink: Sink<T>
  readonly #bounds: OutletBounds
  readonly #buffer: T[] = []
  readonly #waiting: Waiting<T>[] = []
  #state: 'flowing' | 'blocked' | 'closed' = 'flowing'
  #patience: NodeJS.Timeout | undefined

  constructor(sink: Sink<T>, bounds: OutletBounds) {
    this.#sink = sink
    this.#bounds = bounds
  }

  push(message: T, taken: () => void = () => {}): void {
    if (this.#state === 'closed' || this.#waiting.length >= MAX_WAITING) return
    this.#waiting.push({ message, taken })
    this.#move()
  }

  /** Gives nothing out any more; what waits was never taken. */
  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#patience)
  }

  #move(): void {
    let moved = true
    while (moved) {
      moved = this.#write()
      while (this.#buffer.length < this.#bounds.buffered) {
        const next = this.#waiting.shift()
        if (next === undefined) break
        this.#buffer.push(next.message)
        next.taken()
        moved = true
      }
    }
    this.#waitForTheHead()
  }

  #write(): boolean {
    let wrote = false
    while (this.#state === 'flowing') {
      const message = this.#buffer.shift()
      if (message === undefined) break
      wrote = true
      if (this.#sink.write(message)) continue
      this.#state = 'blocked'
      this.#sink.once('drain', () => this.#drained())
    }
    return wrote
  }

  #drained(): void {
    if (this.#state !== 'blocked') return
    this.#state = 'flowing'
    clearTimeout(this.#patience)
    this.#patience = undefined
    this.#move()
  }

  #waitForTheHead(): void {
    if (this.#waiting.length === 0 || this.#patience !== undefined || this.#state === 'closed') return
    this.#patience = setTimeout(() => {
      this.#patience = undefined
      this.#waiting.shift()?.taken()
      this.#move()
    }, this.#bounds.writeDeadlineMs)
  }
}

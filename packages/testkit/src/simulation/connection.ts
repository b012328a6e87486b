import { MessagingError } from '@spanwire/driver'
import type { Pipe } from './pipe.js'

/** Without a reason each abort makes an exception of its own, with its stack. */
const CUT = 'the other side gave up'

const GONE = new MessagingError('closed', 'the process at our side is gone')

/** Somebody who waits for the far side. */
interface Waiting {
  fail(error: unknown): void
}

/** Somebody who gives up when a signal says so. */
interface Aborting {
  abort(): void
}

/** One connection: two pipes, and what waits for an answer on it. Ends once; then nothing is called back any more. */
export class Connection {
  readonly up: Pipe
  readonly down: Pipe
  /** What a reset does; a link that stands on the connection has more to say. */
  reset: (error: MessagingError) => void = (error) => this.end(error)
  /** What the far side does when it hears that our process is gone. */
  orphaned: () => void = () => {}
  readonly #waits: Set<Waiting> = new Set()
  /** Answers that were given and have not arrived: what to do about each if they never do. */
  readonly #underWay: Set<() => void> = new Set()
  readonly #leave: () => void
  /** What waits by each signal, which is listened to once: a link is probed with the same one for good. */
  readonly #heeded: WeakMap<AbortSignal, Set<Aborting>> = new WeakMap()
  #over: MessagingError | undefined

  constructor(up: Pipe, down: Pipe, leave: () => void) {
    this.up = up
    this.down = down
    this.#leave = leave
  }

  /** Why it is over, once it is. */
  get over(): MessagingError | undefined {
    return this.#over
  }

  /** It is over at both sides: what is on its way never arrives, and whoever waits hears it now. */
  end(error: MessagingError): void {
    this.up.break()
    this.#leave()
    this.#finish(error)
  }

  /**
   * Our side hangs up: whoever waits hears it now. What was sent before arrives all the same, perhaps behind what is sent
   * on the next connection, and then `last`.
   */
  hangUp(error: MessagingError, last: () => void): void {
    if (this.#over !== undefined) return
    this.up.last(() => {
      last()
      this.#leave()
    })
    this.#finish(error)
  }

  /** Our process is gone, and nobody is left who could be told: the far side hears it behind what was sent. */
  vanish(): void {
    this.#waits.clear()
    const orphan = (): void => {
      this.orphaned()
      this.end(GONE)
    }
    this.reset = orphan
    this.up.last(orphan)
  }

  #finish(error: MessagingError): void {
    if (this.#over !== undefined) return
    this.#over = error
    this.down.break()
    for (const waiting of [...this.#waits]) waiting.fail(error)
    for (const undo of [...this.#underWay]) undo()
    this.#underWay.clear()
  }

  /**
   * Does something at the far side and brings the answer back. Aborted: the far side hears of it, later, if it listens,
   * and what it has done by then is given to `undo`.
   */
  ask<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (signal: () => AbortSignal) => Promise<T>,
    undo?: (value: T) => void,
  ): Promise<T> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    if (signal?.aborted) return Promise.reject(aborted(signal, what))
    return new Promise((resolve, reject) => {
      const ask = new Ask(this, { what, signal, work, undo, resolve, reject })
      this.#waits.add(ask)
      this.up.push(ask.run)
    })
  }

  /** It waits no more. */
  settled(waiting: Waiting): void {
    this.#waits.delete(waiting)
  }

  /** Those whose waits end when the signal aborts. */
  heed(signal: AbortSignal): Set<Aborting> {
    const known = this.#heeded.get(signal)
    if (known !== undefined) return known
    const asks = new Set<Aborting>()
    signal.addEventListener('abort', () => {
      for (const ask of [...asks]) ask.abort()
    })
    this.#heeded.set(signal, asks)
    return asks
  }

  /** Brings an answer home, or regrets it when the connection ends before. */
  carry(arrive: () => void, regret: () => void): void {
    if (this.#over !== undefined) {
      regret()
      return
    }
    this.#underWay.add(regret)
    this.down.push(() => {
      this.#underWay.delete(regret)
      arrive()
    })
  }
}

interface Asked<T> {
  readonly what: string
  readonly signal: AbortSignal | undefined
  readonly work: (signal: () => AbortSignal) => Promise<T>
  readonly undo: ((value: T) => void) | undefined
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** One round trip: settles by its answer, by the signal, or with the connection. */
class Ask<T> implements Waiting {
  readonly #connection: Connection
  readonly #asked: Asked<T>
  readonly #heeding: Set<Aborting> | undefined
  #far: AbortController | undefined
  #isOpen = true

  constructor(connection: Connection, asked: Asked<T>) {
    this.#connection = connection
    this.#asked = asked
    this.#heeding = asked.signal && connection.heed(asked.signal).add(this)
  }

  /** At the far side. */
  readonly run = (): void => {
    const { undo, work } = this.#asked
    void work(this.#cut).then(
      (value) =>
        this.#connection.carry(
          () => this.#answer(value),
          () => undo?.(value),
        ),
      (error: unknown) => this.#connection.down.push(() => this.fail(error)),
    )
  }

  fail(error: unknown): void {
    if (this.#close()) this.#asked.reject(error)
  }

  #answer(value: T): void {
    if (this.#close()) this.#asked.resolve(value)
    else this.#asked.undo?.(value)
  }

  readonly #cut = (): AbortSignal => {
    this.#far ??= new AbortController()
    return this.#far.signal
  }

  abort(): void {
    const { signal, what } = this.#asked
    this.#connection.up.push(() => this.#far?.abort(CUT))
    if (signal !== undefined) this.fail(aborted(signal, what))
  }

  #close(): boolean {
    if (!this.#isOpen) return false
    this.#isOpen = false
    this.#connection.settled(this)
    this.#heeding?.delete(this)
    return true
  }
}

/** For what costs the far side nothing, asked for or not. Listeners would wait for ever: it takes none. */
export const NEVER: AbortSignal = /* @__PURE__ */ Object.assign(new AbortController().signal, {
  addEventListener: () => {},
  removeEventListener: () => {},
})

export function aborted(signal: AbortSignal, what: string): MessagingError {
  const cause: unknown = signal.reason
  const late = cause instanceof Error && cause.name === 'TimeoutError'
  return new MessagingError(late ? 'timeout' : 'canceled', `${what} was not answered in time`, { cause })
}

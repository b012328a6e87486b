import type { Worker } from './crew.js'

/**
 * So long is waited for a transaction to be settled before more is got, for one message and for several. When one closes while others
 * are open, the server gives those what it had ready for that one, and takes it back from them 100 ms later, if more is asked for then.
 */
const PATIENCE_MS = 25
const PATIENCE_WITH_SEVERAL_MS = 250

/** One answered Get: messages that are a worker's until each is settled and the transaction closed. */
export class Transaction {
  readonly id: string
  readonly worker: Worker
  /** Until when it is waited for, on the monotonic clock; undefined: that is over. */
  dueAt: number | undefined
  readonly size: number
  /** Sequences that are not settled. */
  readonly open: Set<bigint>

  constructor(id: string, worker: Worker, open: Set<bigint>) {
    this.id = id
    this.worker = worker
    this.open = open
    this.size = open.size
    this.dueAt = performance.now() + (this.size > 1 ? PATIENCE_WITH_SEVERAL_MS : PATIENCE_MS)
  }
}

/** Done; to others as it was; or to others, at the tail of the queue and with one delivery more counted. */
export type How = 'ack' | 'back' | 'nack'

/** Messages of one transaction that are settled alike in one turn of the event loop: one request names them all, and what it says holds for each. */
export class Settling {
  readonly how: How
  readonly sequences: bigint[] = []
  readonly noted: Promise<void>
  resolve: () => void = () => undefined
  reject: (error: Error) => void = () => undefined

  constructor(how: How) {
    this.how = how
    this.noted = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

/** What is settled in one turn. */
export type Settlings = ReadonlyMap<Transaction, readonly Settling[]>

/** The transactions of one stream that are not closed. */
export class Transactions {
  /** Whether the last one that was waited for was settled meanwhile. */
  isPrompt = true
  readonly #open = new Set<Transaction>()

  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  /** Messages in them that are not settled. */
  get held(): number {
    let held = 0
    for (const { open } of this.#open) held += open.size
    return held
  }

  /** Until when all of them are waited for; undefined: none is. */
  get dueAt(): number | undefined {
    let last: number | undefined
    for (const { dueAt } of this.#open) if (dueAt !== undefined) last = Math.max(last ?? 0, dueAt)
    return last
  }

  /** Some of several messages are settled, and the others take longer than is waited for: those places take what nobody will get. */
  get isMixed(): boolean {
    return [...this.#open].some(({ size, open, dueAt }) => open.size < size && dueAt === undefined)
  }

  /** Waits no more for those that are due: by a timer only, so that a process that stood still has seen to its work before. */
  giveUp(): void {
    const now = performance.now()
    for (const one of this.#open) {
      if (one.dueAt === undefined || one.dueAt > now) continue
      one.dueAt = undefined
      this.isPrompt = false
    }
  }

  add(transaction: Transaction): void {
    this.#open.add(transaction)
  }

  /** Leaves out what is wholly settled. */
  sweep(settled: Settlings): void {
    for (const transaction of settled.keys()) {
      if (transaction.open.size > 0) continue
      this.#open.delete(transaction)
      if (transaction.dueAt !== undefined) this.isPrompt = true
    }
  }

  /** All are over: those whose they were hold nothing of them any more. */
  lose(): void {
    const workers = new Set([...this.#open].map(({ worker }) => worker))
    this.#open.clear()
    for (const worker of workers) worker.lose()
  }
}

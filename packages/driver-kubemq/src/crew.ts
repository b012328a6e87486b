import type { Flow, MessagingError } from '@spanwire/driver'
import type { QueueMessage } from './proto/kubemq.js'
import type { Transaction } from './transaction.js'

/** A reception that takes from a queue. */
export interface Worker {
  readonly room: Flow
  take(messages: readonly QueueMessage[], transaction: Transaction): void
  /** The stream is over: whatever it holds is not its own any more. */
  lose(): void
  fail(error: MessagingError): void
}

/** The receptions of one link that take from one queue. Who waits longest comes first. */
export class Crew {
  #workers: readonly Worker[] = []

  get isEmpty(): boolean {
    return this.#workers.length === 0
  }

  has(worker: Worker): boolean {
    return this.#workers.includes(worker)
  }

  join(worker: Worker): void {
    this.#workers = [...this.#workers, worker]
  }

  leave(worker: Worker): void {
    this.#workers = this.#workers.filter((one) => one !== worker)
  }

  /** Who may have so many. */
  next(messages: number): Worker | undefined {
    return this.#workers.find(({ room }) => room.messages >= messages && room.bytes > 0)
  }

  /** It was served. */
  toTheEnd(worker: Worker): void {
    this.leave(worker)
    this.join(worker)
  }

  fail(error: MessagingError): void {
    for (const worker of this.#workers) worker.fail(error)
  }
}

import type { MessagingError } from '@spanwire/driver'
import { deleted, leaderless, notAllowed } from './errors.js'
import type { Fault, Gate } from './gate.js'
import type { Attached, Store } from './store.js'

/** A channel at the engine: what is in it, who receives from it, and what is wrong with it. */
export class Place {
  readonly store: Store
  readonly gate: Gate
  readonly receptions: Set<Attached> = new Set()
  #closed: MessagingError | undefined

  constructor(store: Store, gate: Gate) {
    this.store = store
    this.gate = gate
    this.#look()
  }

  get name(): string {
    return this.store.spec.name
  }

  /** Why it takes nothing, undefined while it does. */
  get closed(): MessagingError | undefined {
    return this.#closed
  }

  /** Something is wrong from now on, or nothing any more. */
  afflict(fault: Fault | undefined): void {
    this.gate.set(fault)
    this.#look()
    if (fault === 'forbidden') this.#failAll(notAllowed(this.name))
    if (fault === undefined) for (const reception of this.receptions) reception.revive()
  }

  /** It is gone, for those too who still have it open. */
  remove(): void {
    this.#closed = deleted(this.name)
    this.#failAll(this.#closed)
    this.store.dispose()
    // Whoever waits for a stalled channel is told that it is gone.
    this.gate.set(undefined)
  }

  #look(): void {
    const { fault } = this.gate
    if (fault === 'forbidden') this.#closed = notAllowed(this.name)
    else if (fault === 'leaderless') this.#closed = leaderless(this.name)
    else this.#closed = undefined
  }

  #failAll(error: MessagingError): void {
    for (const reception of [...this.receptions]) reception.fail(error)
  }
}

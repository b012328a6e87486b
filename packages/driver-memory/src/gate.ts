import type { Agenda } from './agenda.js'
import type { Op, Turns, Wakeable } from './turns.js'

/**
 * What can be wrong with one channel while the engine and its other channels are well. `stalled`: nothing is answered,
 * as behind a hung partition. `leaderless`: sends are refused and nothing is delivered. `forbidden`: not allowed any more.
 */
export type Fault = 'stalled' | 'leaderless' | 'forbidden'

/** The engine's time and turns, as one channel has them. Closed while the engine or the channel is ill. */
export class Gate {
  readonly #turns: Turns
  #fault: Fault | undefined
  /** What arrived for a stalled channel. Bound: with the engine's inbox, `maxInbox` messages. */
  #held: Op[] = []

  constructor(turns: Turns, fault: Fault | undefined) {
    this.#turns = turns
    this.#fault = fault
  }

  get fault(): Fault | undefined {
    return this.#fault
  }

  /** Does the channel do anything? */
  get isOpen(): boolean {
    return this.#fault === undefined && this.#turns.running
  }

  get agenda(): Agenda {
    return this.#turns.agenda
  }

  /** The wall clock of this turn. */
  stamp(): number {
    return this.#turns.stamp()
  }

  now(): number {
    return this.#turns.now()
  }

  wake(sleeper: Wakeable): void {
    this.#turns.wake(sleeper)
  }

  /** Is there room for so many messages? */
  admits(messages: number): boolean {
    return (this.#fault !== 'stalled' && this.#turns.running) || this.#turns.admits(messages)
  }

  post(op: Op): void {
    if (this.#fault !== 'stalled') {
      this.#turns.post(op)
      return
    }
    this.#turns.hold(op)
    this.#held.push(op)
  }

  held(): readonly Op[] {
    return this.#held
  }

  /** Whoever receives has to be woken afterwards. */
  set(fault: Fault | undefined): void {
    this.#fault = fault
    if (fault === 'stalled') return
    const held = this.#held
    this.#held = []
    for (const op of held) this.#turns.release(op)
  }

  /** Forgets what it held: who sent it has been told. */
  empty(): void {
    this.#held = []
  }
}

import { Agenda } from './agenda.js'
import type { Clock } from './clock.js'

/** `hung`: takes what is sent and does nothing, as a stopped process does. `dead`: nobody there. */
export type EngineState = 'running' | 'hung' | 'dead'

/** Something that reached the engine and waits for its turn. */
export interface Op {
  /** How many messages it carries. */
  readonly weight: number
  /** May call back into the user's code, hence may find the engine hung or killed when it goes on. */
  run(): void
  /** The engine hangs: from now on its bytes are the engine's, and whoever sent them may use theirs again. */
  freeze(): void
}

/** Somebody who may have something to hand out when a turn ends. */
export interface Wakeable {
  /** Written by {@link Turns} only. */
  awake: boolean
  flush(): void
}

const SETTLED: Promise<void> = Promise.resolve()

/** So many turns on end run as microtasks; then the event loop gets a breath, else two busy parties in one process would starve its sockets and timers. */
const TURNS_PER_BREATH = 1_000

/**
 * The engine's event loop. What arrives is taken in order in a turn of its own, never inside the caller; receivers are
 * woken once at a turn's end. A halted engine takes nothing: what arrives stays in the inbox as it would in the
 * buffers of a stopped process's sockets.
 */
export class Turns {
  readonly clock: Clock
  readonly agenda: Agenda
  state: EngineState = 'running'
  /** What arrived since the turn began. */
  #inbox: Op[] = []
  /** What the turn takes, and how far it is. */
  #taken: Op[] = []
  #at = 0
  #awake: Wakeable[] = []
  #scheduled = false
  #due = false
  #stampMs: number | undefined
  #count = 0
  #frozen = 0
  readonly #maxFrozen: number

  /** `maxFrozen`: messages that a halted engine's inbox holds. */
  constructor(clock: Clock, maxFrozen: number) {
    this.clock = clock
    this.#maxFrozen = maxFrozen
    this.agenda = new Agenda(clock, () => {
      this.#due = true
      this.#schedule()
    })
  }

  get running(): boolean {
    return this.state === 'running'
  }

  /** The wall clock when this turn first asked: one reading for a batch. Only within a turn. */
  stamp(): number {
    this.#stampMs ??= this.clock.wall()
    return this.#stampMs
  }

  now(): number {
    return this.clock.now()
  }

  /** Is there room for so many messages among what nobody reads? */
  admits(messages: number): boolean {
    return this.#frozen + messages <= this.#maxFrozen
  }

  post(op: Op): void {
    this.#inbox.push(op)
    if (this.running) this.#schedule()
    else this.hold(op)
  }

  /** Nobody reads it for now. */
  hold(op: Op): void {
    this.#frozen += op.weight
    op.freeze()
  }

  /** Posts what was held elsewhere. */
  release(op: Op): void {
    this.#frozen -= op.weight
    this.post(op)
  }

  wake(sleeper: Wakeable): void {
    if (sleeper.awake) return
    sleeper.awake = true
    this.#awake.push(sleeper)
    this.#schedule()
  }

  /** What has arrived and is not finished, the running one included. */
  inbox(): readonly Op[] {
    return [...this.#taken.slice(this.#at), ...this.#inbox]
  }

  /** The process stops where it is; the inbox fills up. */
  halt(): void {
    this.state = 'hung'
    this.agenda.rest()
    for (const op of this.inbox()) this.hold(op)
  }

  /** The process is gone. Its inbox is still there for who has to be told, until {@link empty}. */
  die(): void {
    this.state = 'dead'
    this.agenda.rest()
  }

  resume(): void {
    for (const op of this.inbox()) this.#frozen -= op.weight
    this.state = 'running'
    this.#due = true
    this.#schedule()
  }

  empty(): void {
    this.#inbox = []
    this.#taken = []
    this.#at = 0
    this.#frozen = 0
  }

  #schedule(): void {
    if (this.#scheduled || !this.running) return
    this.#scheduled = true
    if (++this.#count % TURNS_PER_BREATH !== 0) void SETTLED.then(this.#turn)
    else if (this.clock.turn !== undefined) this.clock.turn(this.#turn)
    else this.clock.after(0, this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    this.#stampMs = undefined
    if (!this.running) return
    try {
      this.#take()
    } finally {
      if (this.running) {
        if (this.#due) this.#runAgenda()
        this.#flush()
        if (this.#inbox.length > 0 || this.#at < this.#taken.length) this.#schedule()
      }
    }
  }

  #take(): void {
    if (this.#at === this.#taken.length) this.#turnOver()
    const taken = this.#taken
    for (let op = taken[this.#at]; op !== undefined; op = taken[this.#at]) {
      op.run()
      // Halted within: it goes on where it stopped. Killed within: all of it is gone.
      if (!this.running || this.#taken !== taken) return
      this.#at++
    }
  }

  /** The two lists take turns, so that neither grows while others send all the time. */
  #turnOver(): void {
    const empty = this.#taken
    empty.length = 0
    this.#taken = this.#inbox
    this.#inbox = empty
    this.#at = 0
  }

  #runAgenda(): void {
    this.#due = false
    this.agenda.run()
  }

  #flush(): void {
    const awake = this.#awake
    this.#awake = []
    for (const sleeper of awake) {
      sleeper.awake = false
      sleeper.flush()
    }
  }
}

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
  #inbox: Op[] = []
  #head = 0
  #awake: Wakeable[] = []
  #scheduled = false
  #due = false
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
    return this.#inbox.slice(this.#head)
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
    this.#head = 0
    this.#frozen = 0
  }

  #schedule(): void {
    if (this.#scheduled || !this.running) return
    this.#scheduled = true
    if (++this.#count % TURNS_PER_BREATH !== 0) queueMicrotask(this.#turn)
    else if (this.clock.turn !== undefined) this.clock.turn(this.#turn)
    else this.clock.after(0, this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    if (!this.running) return
    try {
      this.#take()
    } finally {
      if (this.running) {
        if (this.#due) this.#runAgenda()
        this.#flush()
        if (this.#inbox.length > this.#head) this.#schedule()
      }
    }
  }

  #take(): void {
    const inbox = this.#inbox
    const end = inbox.length
    for (let op = inbox[this.#head]; op !== undefined && this.#head < end; op = inbox[this.#head]) {
      op.run()
      // Halted within: it goes on where it stopped. Killed within: another inbox.
      if (!this.running || this.#inbox !== inbox) return
      this.#head++
    }
    if (this.#head < inbox.length) return
    inbox.length = 0
    this.#head = 0
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

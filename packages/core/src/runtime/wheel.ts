import type { Runtime } from './runtime.js'

const TICK_MS = 10
const SLOTS = 64
/** 64 slots of 10 ms, of 640 ms, of 41 s, of 44 min: 46 hours ahead. What lies beyond waits in the last slot and goes round again. */
const LEVELS = 4
const MAX_TICKS = SLOTS ** LEVELS - 1

/** A pending call of `fire`. */
export interface Deadline {
  /** Runtime ms. */
  readonly atMs: number
}

interface Entry extends Deadline {
  readonly tick: number
  /** Called once at most, and emptied then or when taken back. */
  fire: (() => void) | undefined
  slot: number
  before: Entry | undefined
  after: Entry | undefined
}

/**
 * All deadlines of a client on one timer: adding and taking back cost a few list links, whatever their number. A
 * deadline fires at its time or up to 10 ms later, never earlier. One timer is pending while there are deadlines, none otherwise.
 */
export class Deadlines {
  readonly #runtime: Runtime
  /** Heads of lists. A deadline moves to a finer level when its slot's time begins, at most three times. */
  readonly #slots: (Entry | undefined)[] = Array.from({ length: SLOTS * LEVELS })
  #size = 0
  /** Up to here everything has been looked at. */
  #tick = 0
  #armedTick = Infinity
  #disarm = () => {}

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Deadlines that are pending. */
  get size(): number {
    return this.#size
  }

  /** Calls `fire` once when Runtime time has reached `atMs`; never from within this call. `Infinity` never fires. */
  add(atMs: number, fire: () => void): Deadline {
    if (this.#size === 0) this.#tick = Math.floor(this.#runtime.now() / TICK_MS)
    const entry: Entry = {
      atMs,
      tick: Math.ceil(atMs / TICK_MS),
      fire,
      slot: 0,
      before: undefined,
      after: undefined,
    }
    this.#size += 1
    const due = this.#link(entry)
    if (due < this.#armedTick) this.#arm(due)
    return entry
  }

  /** Takes it back. Late or repeated calls do nothing. */
  remove(deadline: Deadline): void {
    // Made by add: nothing else fits the type in practice, and a foreign object has no `fire`.
    const entry = deadline as Entry
    if (entry.fire === undefined) return
    entry.fire = undefined
    this.#unlink(entry)
    this.#size -= 1
    if (this.#size === 0) this.#rest()
  }

  /** Puts it on the level that is just coarse enough; gives the tick at which its slot begins. */
  #link(entry: Entry): number {
    const ahead = Math.min(Math.max(entry.tick - this.#tick, 1), MAX_TICKS)
    let level = 0
    let span = 1
    while (ahead >= span * SLOTS) {
      level += 1
      span *= SLOTS
    }
    const turn = Math.floor((this.#tick + ahead) / span)
    const slot = level * SLOTS + (turn % SLOTS)
    const head = this.#slots[slot]
    entry.slot = slot
    entry.before = undefined
    entry.after = head
    if (head) head.before = entry
    this.#slots[slot] = entry
    return turn * span
  }

  #unlink(entry: Entry): void {
    const { before, after } = entry
    if (before) before.after = after
    else this.#slots[entry.slot] = after
    if (after) after.before = before
  }

  readonly #run = (): void => {
    // What is added meanwhile is seen below: no timer for it.
    this.#armedTick = 0
    const now = Math.floor(this.#runtime.now() / TICK_MS)
    for (let due = this.#next(); due <= now; due = this.#next()) {
      this.#tick = due
      this.#turn()
    }
    this.#rest()
    if (this.#size > 0) this.#arm(this.#next())
  }

  /** Empties the slots that begin now: one of each level up to the first whose turn it is not. */
  #turn(): void {
    for (let level = 0, span = 1; level < LEVELS && this.#tick % span === 0; level++, span *= SLOTS) {
      this.#empty(level * SLOTS + ((this.#tick / span) % SLOTS))
    }
  }

  /** Fires what is due in a slot whose time has begun, and moves the rest to finer ones. */
  #empty(slot: number): void {
    for (let entry = this.#slots[slot]; entry; entry = this.#slots[slot]) {
      this.#unlink(entry)
      if (entry.tick > this.#tick) this.#link(entry)
      else this.#fire(entry)
    }
  }

  #fire(entry: Entry): void {
    const { fire } = entry
    entry.fire = undefined
    this.#size -= 1
    try {
      fire?.()
    } catch (error) {
      // A bug in one callback surfaces, and delays nobody else's deadline.
      this.#runtime.turn(() => {
        throw error
      })
    }
  }

  /** The tick at which the first slot in use begins. */
  #next(): number {
    let first = Infinity
    if (this.#size === 0) return first
    for (let level = 0, span = 1; level < LEVELS; level++, span *= SLOTS) {
      const here = Math.floor(this.#tick / span)
      for (let turn = here + 1; turn <= here + SLOTS && turn * span < first; turn++) {
        if (this.#slots[level * SLOTS + (turn % SLOTS)]) first = turn * span
      }
    }
    return first
  }

  #arm(tick: number): void {
    this.#disarm()
    this.#armedTick = tick
    this.#disarm = this.#runtime.after(Math.max(0, tick * TICK_MS - this.#runtime.now()), this.#run)
  }

  #rest(): void {
    this.#disarm()
    this.#armedTick = Infinity
  }
}

import type { Runtime } from '@spanwire/core'
import { type Dice, dice } from './dice.js'

/** Unix ms at which virtual time starts. */
const EPOCH: number = Date.UTC(2026, 0, 1)

/** A turn of the real event loop costs more than most steps do. */
const STEPS_PER_TURN = 256

/** What falls due at one instant goes in the order of a Node event loop: timers, then sockets, then `turn`s. */
export type Phase = 'timer' | 'input' | 'turn'
const ORDER: Readonly<Record<Phase, number>> = { timer: 0, input: 1, turn: 2 }

interface Entry {
  at: number
  readonly phase: number
  readonly age: number
  readonly host: Host | undefined
  work: (() => void) | undefined
}

/** A machine: its clock may be wrong, and its process may stand still while the others go on. */
export interface Host {
  /** Of its process: the machine's, and from the second one on it counts, as `feed#2`. */
  readonly name: string
  /** What a client, or an engine, on this machine takes its time and chance from. */
  readonly runtime: Runtime
  /** Added to the wall clock, ms. */
  skewMs: number
  /** Until then nothing of this machine runs: a busy loop, a pause of the garbage collector, a stopped process. */
  stalledUntil: number
  /** Its process has ended, and nothing of it runs any more. */
  isGone: boolean
}

/** One virtual clock for any number of machines. Nothing in it waits for real time. */
export class World {
  readonly dice: Dice
  #now = 0
  #age = 0
  readonly #heap: Entry[] = []
  #pending = 0

  constructor(seed: number) {
    this.dice = dice(seed)
  }

  /** Virtual ms since the start. */
  get now(): number {
    return this.#now
  }

  /** What is scheduled and neither done nor cancelled. */
  get pending(): number {
    return this.#pending
  }

  host(name: string): Host {
    const chance = this.dice.fork(`host ${name}`)
    const runtime = this.#runtime(() => host, chance)
    const host: Host = { name, skewMs: 0, stalledUntil: 0, isGone: false, runtime }
    return host
  }

  /** The host's process ends: what it had scheduled never happens. */
  end(host: Host): void {
    host.isGone = true
    for (const entry of this.#heap) if (entry.host === host) this.#cancel(entry)
  }

  /** Calls back in `ms`, on that machine if one is given. The result cancels. */
  after(ms: number, work: () => void, phase: Phase = 'timer', host?: Host): () => void {
    if (host?.isGone) return () => {}
    const entry: Entry = { at: this.#now + Math.max(0, ms), phase: ORDER[phase], age: this.#age++, host, work }
    this.#pending++
    push(this.#heap, entry)
    return () => this.#cancel(entry)
  }

  #cancel(entry: Entry): void {
    if (entry.work === undefined) return
    entry.work = undefined
    this.#pending--
  }

  /**
   * Lets so much time pass. Every promise that can settle without time passing does so between two instants: behind each
   * immediate Node runs all microtasks and ticks, and tells of rejections that nobody handles.
   */
  run(ms: number): Promise<void> {
    const end = this.#now + ms
    return new Promise((resolve, reject) => {
      let isOver = false
      const step = (): void => {
        if (isOver) return
        try {
          if (this.#advance(end)) return
          resolve()
        } catch (error) {
          reject(error)
        }
        isOver = true
      }
      const turn = (): void => {
        if (isOver) return
        for (let steps = 0; steps < STEPS_PER_TURN; steps++) setImmediate(step)
        setImmediate(turn)
      }
      turn()
    })
  }

  /** Does the next thing that falls due; false: there is none until then. */
  #advance(end: number): boolean {
    for (let entry = this.#heap[0]; entry !== undefined && entry.at <= end; entry = this.#heap[0]) {
      pop(this.#heap)
      const { work } = entry
      if (work === undefined) continue
      if (entry.host !== undefined && entry.host.stalledUntil > entry.at) {
        entry.at = entry.host.stalledUntil
        push(this.#heap, entry)
        continue
      }
      this.#now = entry.at
      this.#pending--
      entry.work = undefined
      work()
      return true
    }
    this.#now = end
    return false
  }

  #runtime(host: () => Host, chance: Dice): Runtime {
    return {
      now: () => this.#now,
      wall: () => EPOCH + Math.floor(this.#now) + host().skewMs,
      random: chance.next,
      bytes: (length) => Uint8Array.from({ length }, () => Math.floor(chance.next() * 256)),
      after: (ms, work) => this.after(ms, work, 'timer', host()),
      turn: (work) => void this.after(0, work, 'turn', host()),
    }
  }
}

function before(one: Entry, other: Entry): boolean {
  if (one.at !== other.at) return one.at < other.at
  return one.phase === other.phase ? one.age < other.age : one.phase < other.phase
}

function push(heap: Entry[], entry: Entry): void {
  let slot = heap.length
  heap.push(entry)
  while (slot > 0) {
    const up = (slot - 1) >> 1
    const parent = heap[up]
    if (parent === undefined || !before(entry, parent)) break
    heap[slot] = parent
    slot = up
  }
  heap[slot] = entry
}

function pop(heap: Entry[]): void {
  const entry = heap.pop()
  if (entry === undefined || heap.length === 0) return
  let slot = 0
  for (;;) {
    const right = heap[2 * slot + 2]
    let down = 2 * slot + 1
    let child = heap[down]
    if (right !== undefined && child !== undefined && before(right, child)) {
      child = right
      down++
    }
    if (child === undefined || !before(child, entry)) break
    heap[slot] = child
    slot = down
  }
  heap[slot] = entry
}

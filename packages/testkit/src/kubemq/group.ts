import type { Chance } from './chance.js'
import type { Kept, Log } from './log.js'
import type { Quirks } from './quirks.js'
import { type Hear, Seat, type SeatOptions } from './seat.js'

/** What outlives the process, so that its seats come back as ghosts. */
export type Step =
  | readonly ['from', number]
  | readonly ['join', string, number, number]
  | readonly ['sent', string, number]
  | readonly ['ack', string, number]
  | readonly ['leave', string]

export interface GroupContext {
  readonly quirks: () => Quirks
  readonly chance: Chance
  readonly write: (step: Step) => void
  /** Names a seat, never twice in a folder. */
  readonly name: () => string
}

/** How long what a seat gave back waits where others are seated (5.2). Then it goes to one of them, room or not (C19). */
const BACK_MS = 100

/** Timers of Node hold no more; 365 days are not waited for. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * A durable group over a log, as the broker inside keeps it: a place in the log, and seats that hold what they did not
 * acknowledge. The next message goes to the seat that holds least and has room, be it one whose consumer has long
 * stopped listening: that is how open transactions swallow messages (C4), and ghosts (C5).
 */
export class Group<T> {
  readonly seats: Set<Seat<T>> = new Set()
  /** The sequence that nobody was given yet. */
  next = 1
  #back: number[] = []
  #isDealing = false
  #timer: NodeJS.Timeout | undefined
  readonly #log: Log<T>
  readonly #context: GroupContext

  constructor(log: Log<T>, context: GroupContext) {
    this.#log = log
    this.#context = context
  }

  /** Where a new group begins. */
  startAt(seq: number): void {
    this.next = seq
    this.#context.write(['from', seq])
  }

  join(options: SeatOptions, hear: Hear<T>): Seat<T> {
    const seat = new Seat(this.#context.name(), options, hear)
    this.seats.add(seat)
    this.#context.write(['join', seat.id, options.room, Math.min(options.ackWaitMs, MAX_TIMER_MS)])
    this.deal()
    return seat
  }

  /** What it holds comes back: at once if nobody else is seated, else in 100 ms (5.2). */
  leave(seat: Seat<T>): void {
    if (!this.seats.delete(seat)) return
    this.#context.write(['leave', seat.id])
    const held = [...seat.held.keys()]
    seat.held.clear()
    if (held.length === 0) return
    if (this.seats.size === 0) this.#giveBack(held)
    else setTimeout(() => this.#handOver(held), BACK_MS)
  }

  ack(seat: Seat<T>, seq: number): void {
    if (!seat.held.delete(seq)) return
    this.#context.write(['ack', seat.id, seq])
    if (this.#comesTwice()) this.#giveBack([seq])
    else this.deal()
  }

  /** Gives out what there is, to whoever has room. */
  deal(): void {
    // Who hears may acknowledge at once; the loop that is under way goes on with what that set free.
    if (this.#isDealing) return
    this.#isDealing = true
    for (let seat = this.#best(); seat !== undefined; seat = this.#best()) {
      const message = this.#take()
      if (message === undefined) break
      this.#deliver(message, seat)
    }
    this.#isDealing = false
    this.#watch()
  }

  /** What `QueuesInfo` calls waiting: with what others hold, ghosts among them (2). */
  get waiting(): number {
    let held = this.#back.length
    for (const seat of this.seats) held += seat.held.size
    return held + this.#log.last - (this.next - 1)
  }

  /** All over again, as an earlier process did it. */
  replay(step: Step): void {
    const seat = step[0] === 'from' ? undefined : this.#seatOf(step[1])
    switch (step[0]) {
      case 'from':
        this.next = step[1]
        break
      case 'join':
        this.seats.add(new Seat<T>(step[1], { room: step[2], ackWaitMs: step[3] }))
        break
      case 'sent':
        this.#back = this.#back.filter((seq) => seq !== step[2])
        this.next = Math.max(this.next, step[2] + 1)
        seat?.held.set(step[2], Date.now() + seat.ackWaitMs)
        break
      case 'ack':
        seat?.held.delete(step[2])
        break
      case 'leave':
        this.#back.push(...(seat?.held.keys() ?? []))
        if (seat !== undefined) this.seats.delete(seat)
        break
      default:
        step satisfies never
    }
  }

  #seatOf(id: string): Seat<T> | undefined {
    for (const seat of this.seats) if (seat.id === id) return seat
    return undefined
  }

  #best(): Seat<T> | undefined {
    let best: Seat<T> | undefined
    for (const seat of this.seats) {
      if (seat.hasRoom && (best === undefined || seat.held.size < best.held.size)) best = seat
    }
    return best
  }

  #take(): Kept<T> | undefined {
    const again = this.#back.shift()
    if (again !== undefined) return this.#log.at(again)
    const fresh = this.#log.at(this.next)
    if (fresh !== undefined) this.next += 1
    return fresh
  }

  /** To those who have room, more than that if need be; if nobody has any, to who is seated longest, where nobody sees it (C19). */
  #handOver(seqs: readonly number[]): void {
    const roomy = [...this.seats].filter(({ hasRoom }) => hasRoom)
    const among = roomy.length > 0 ? roomy : [...this.seats].slice(0, 1)
    const { quirks, chance } = this.#context
    if (among.length === 0 || !chance.hits(quirks().hides)) {
      this.#giveBack(seqs)
      return
    }
    for (const [at, seq] of seqs.entries()) {
      const [message, seat] = [this.#log.at(seq), among[at % among.length]]
      if (message !== undefined && seat !== undefined) this.#deliver(message, seat)
    }
    this.#watch()
  }

  #deliver(message: Kept<T>, seat: Seat<T>): void {
    seat.held.set(message.seq, Date.now() + seat.ackWaitMs)
    this.#context.write(['sent', seat.id, message.seq])
    if (this.#isLost()) this.#forget(seat, message.seq)
    else seat.hear?.(message, seat)
  }

  #giveBack(seqs: readonly number[]): void {
    this.#back = [...this.#back, ...seqs].sort((a, b) => a - b)
    this.deal()
  }

  #compete(): boolean {
    let listening = 0
    for (const seat of this.seats) if (seat.hear !== undefined) listening += 1
    return listening > 1 && this.next <= this.#log.last
  }

  #isLost(): boolean {
    const { lost } = this.#context.quirks()
    return lost > 0 && this.#compete() && this.#context.chance.hits(lost)
  }

  #comesTwice(): boolean {
    const { doubled } = this.#context.quirks()
    return doubled > 0 && this.#compete() && this.#context.chance.hits(doubled)
  }

  #forget(seat: Seat<T>, seq: number): void {
    seat.held.delete(seq)
    this.#context.write(['ack', seat.id, seq])
  }

  /** What is held for too long goes to another seat. */
  #watch(): void {
    if (this.#timer !== undefined) return
    let due = Number.POSITIVE_INFINITY
    for (const seat of this.seats) {
      if (seat.ackWaitMs >= MAX_TIMER_MS) continue
      for (const at of seat.held.values()) {
        due = Math.min(due, at)
        break
      }
    }
    if (due === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, due - Date.now()))
    this.#timer.unref()
  }

  #expire(): void {
    this.#timer = undefined
    const now = Date.now()
    const late: number[] = []
    for (const seat of this.seats) {
      for (const [seq, due] of seat.held) {
        if (due > now) break
        seat.held.delete(seq)
        late.push(seq)
      }
    }
    if (late.length === 0) this.#watch()
    else this.#giveBack(late)
  }
}

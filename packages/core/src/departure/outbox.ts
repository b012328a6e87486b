import { type ChannelSpec, MessagingError } from '@spanwire/driver'
import { drawFor } from '../route/rendezvous.js'
import { withdraw } from '../session/sender.js'
import { type Care, Carrier } from './carrier.js'
import { Lane, type Line } from './lane.js'
import type { Letter } from './letter.js'
import { Departure, type Waiting } from './message.js'
import { Settling } from './settling.js'
import type { Surroundings } from './surroundings.js'

/** By what a client finds its outbox of a channel. No name has a blank. Topics go by their name alone: this is asked for each message. */
export function keyOf({ kind, name }: Pick<ChannelSpec, 'kind' | 'name'>): string {
  return kind === 'topic' ? name : `${kind} ${name}`
}

/** Idle lanes beyond this many are forgotten, oldest first; one that publishes again gets a new number (R2). */
const MAX_LANES = 100_000
/** So many lanes tell where all of them would go. */
const WARMED_BY = 64
/** All lanes of one contract: hands messages over in order, keeps what is not stored, and follows the sites. */
export class Outbox {
  readonly #lanes = new Map<string, Lane>()
  readonly #around: Surroundings
  readonly #settling: Settling
  readonly #carrier: Carrier

  constructor(around: Surroundings, care: Care) {
    this.#around = around
    this.#settling = new Settling(around)
    this.#carrier = new Carrier(around, this.#settling, care)
  }

  /** Takes a message, until `untilMs` (Runtime ms); `waiting` hears its end. */
  offer(laneKey: string, letter: Letter, untilMs: number, waiting: Waiting): Departure {
    const departure = new Departure(letter, untilMs, waiting)
    const { room } = this.#around
    if (!room.admits(letter.body.length)) {
      departure.settle({ by: 'failed', error: this.full() })
      return departure
    }
    room.enter(departure, room.options.overflow === 'drop-oldest' ? this.#dropper(laneKey, departure) : undefined)
    const lane = this.#lane(laneKey)
    // What only passes through has marks of its own publisher's.
    if (lane.isQuiet && letter.id === '') this.#around.changed(lane)
    this.#watch(lane, departure.untilMs)
    if (lane.lines.length === 0) this.#carrier.settleIn(lane)
    for (const line of lane.lines) {
      line.add(departure)
      this.#carrier.pump(lane, line)
    }
    if (departure.open === 0 && !departure.settled) this.#nowhere(departure)
    return departure
  }

  /** Not within `offer`, where it would cost each message what it captures. */
  #dropper(laneKey: string, departure: Departure): () => void {
    return () => this.cancel(laneKey, departure, this.full('dropped for a newer message: '))
  }

  /** A lane has one deadline, the nearest of what is open in it: a message that ends in time costs nothing. */
  #watch(lane: Lane, untilMs: number): void {
    if (lane.due !== undefined && lane.due.atMs <= untilMs) return
    this.#unwatch(lane)
    lane.due = this.#around.deadlines.add(untilMs, () => this.#overdue(lane))
  }

  #unwatch(lane: Lane): void {
    if (lane.due !== undefined) this.#around.deadlines.remove(lane.due)
    lane.due = undefined
  }

  #overdue(lane: Lane): void {
    lane.due = undefined
    const nowMs = this.#around.runtime.now()
    let nextMs = Infinity
    for (const departure of lane.open()) {
      if (departure.untilMs <= nowMs) this.#expire(lane, departure, undefined)
      else nextMs = Math.min(nextMs, departure.untilMs)
    }
    if (nextMs < Infinity) this.#watch(lane, nextMs)
    for (const line of lane.lines) this.#carrier.pump(lane, line)
  }

  /** The deadline passed or the caller gave up (`error`): what was never handed over has failed, the rest is unknown (R20). */
  #expire(lane: Lane, departure: Departure, error: MessagingError | undefined): void {
    const handedOver = departure.letter.seq !== 0
    if (error !== undefined) departure.error = error
    for (const line of lane.lines) {
      const copy = line.copies.find((one) => one.of === departure)
      if (copy === undefined || copy.at === 'gone') continue
      this.#carrier.drop(line, copy)
      withdraw(copy)
    }
    if (handedOver) this.#settling.conclude(lane, departure)
    else if (!departure.settled)
      this.#settling.end(lane, departure, { by: 'failed', error: error ?? this.#settling.late(departure) })
  }

  /** The caller gives up. */
  cancel(laneKey: string, departure: Departure, error: MessagingError): void {
    const lane = this.#lanes.get(laneKey)
    if (lane === undefined) return
    this.#expire(lane, departure, error)
    for (const line of lane.lines) this.#carrier.pump(lane, line)
  }

  /** Something about a site changed: lanes without a way look for one, open ways are used. */
  follow(site: string): void {
    for (const lane of this.#lanes.values()) {
      for (const line of lane.lines)
        if (line.site === site || line.barred || this.#carrier.isStuck(line)) this.#carrier.relink(lane, line)
    }
  }

  /** A site is trusted again: so big a share of the lanes that belong there go back as planned (R9), always the same ones first. */
  comeHome(site: string, share: number): void {
    for (const [lane, line] of this.#strays(site))
      if (share >= 1 || drawFor(lane.key)({ name: site }) < share) this.#carrier.leave(lane, line)
  }

  /** Are there lanes that belong to a site and have their home at another? */
  misses(site: string): boolean {
    return !this.#strays(site).next().done
  }

  *#strays(site: string): IterableIterator<[Lane, Line]> {
    for (const lane of this.#lanes.values()) {
      const [line, other] = lane.lines
      if (line === undefined || other !== undefined || line.site === site || line.state === 'leaving') continue
      if (this.#around.choose(lane.key, undefined, line.site).sites[0] === site) yield [lane, line]
    }
  }

  /** A site asks us to go: its lanes leave as planned (R9), where another site takes them. */
  leave(site: string): void {
    for (const lane of this.#lanes.values()) {
      const [line, other] = lane.lines
      if (line?.site === site && other === undefined) this.#carrier.leave(lane, line)
    }
  }

  /** A site is in doubt: lanes whose next site stands ready go there now, with all that is on its way. Jobs stay: a second copy is a second execution. */
  evade(site: string): void {
    for (const lane of this.#lanes.values()) {
      const [line, other] = lane.lines
      if (line?.site === site && other === undefined) this.#carrier.evade(lane, line)
    }
  }

  /** The channels that its lanes would move to are opened. */
  warm(site: string): void {
    let looked = 0
    for (const lane of this.#lanes.values()) {
      if (lane.lines.length !== 1 || lane.lines[0]?.site !== site) continue
      const next = this.#around.choose(lane.key, new Set([site]), undefined).sites.find((other) => other !== site)
      if (next !== undefined) this.#around.channel(next)
      looked += 1
      if (looked === WARMED_BY) return
    }
  }

  /** For each lane, with what carries it. */
  visit(visitor: (lane: Lane, carrier: Carrier, around: Surroundings) => void): void {
    for (const lane of this.#lanes.values()) visitor(lane, this.#carrier, this.#around)
  }

  get lanes(): Iterable<Lane> {
    return this.#lanes.values()
  }

  /** What closing must wait for: nothing flies, and nothing waits but further copies of what is done, for sites that are away. */
  get empty(): boolean {
    const isAway = (site: string) => !this.#around.reachable(site)
    for (const lane of this.#lanes.values()) if (!lane.isOut(isAway)) return false
    return true
  }

  /** Something waits, and its lane reaches too few sites. */
  get isStranded(): boolean {
    for (const lane of this.#lanes.values()) {
      if (this.#carrier.isStranded(lane) && !lane.isOut(() => true)) return true
    }
    return false
  }

  /** Ends everything that is still open. */
  abandon(error: MessagingError): void {
    for (const lane of this.#lanes.values()) {
      this.#unwatch(lane)
      for (const line of lane.lines) {
        line.pause?.()
        for (const copy of [...line.copies]) if (copy.at !== 'gone') this.#expire(lane, copy.of, error)
      }
    }
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    if (this.#lanes.size >= MAX_LANES) this.#forgetIdle()
    const lane = new Lane(key, this.#around.kept)
    this.#lanes.set(key, lane)
    return lane
  }

  #forgetIdle(): void {
    let wanted = MAX_LANES / 10
    for (const [key, lane] of this.#lanes) {
      if (wanted === 0) return
      if (!lane.idle) continue
      this.#unwatch(lane)
      this.#lanes.delete(key)
      wanted -= 1
    }
  }

  #nowhere(departure: Departure): void {
    this.#around.room.leave(departure)
    departure.settle({
      by: 'failed',
      error: new MessagingError('unavailable', `the route has no site for it: ${this.#around.reasons()}`),
    })
  }

  /** Why there is no room. */
  full(what = ''): MessagingError {
    const { maxMessages, maxBytes } = this.#around.room.options
    return new MessagingError(
      'unavailable',
      `${what}the outbox is full (${maxMessages} messages, ${maxBytes} bytes): ${this.#around.reasons()}`,
    )
  }
}

import { MessagingError, type SendOutcome } from '@spanwire/driver'
import { formatId } from '../arrival/identity.js'
import type { Choice } from '../route/choose.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Deadlines } from '../runtime/wheel.js'
import type { ChannelState } from '../session/channels.js'
import { type Copy, Lane, Line, verdict } from './lane.js'
import { Departure, type Ending, type Letter, type Load, type Settle } from './message.js'
import { outgoing } from './outgoing.js'
import type { Publisher } from './publisher.js'

/** What an outbox needs to know and may do outside, all of it for one contract. */
export interface Surroundings {
  readonly runtime: Runtime
  readonly deadlines: Deadlines
  readonly publisher: Publisher
  /** Shared by all outboxes of the client: what waits without having been handed over. */
  readonly room: Room
  choose(lane: string, avoid: ReadonlySet<string> | undefined, home: string | undefined): Choice
  channel(site: string): ChannelState
  /** The publisher id that links insist on, if any of them does. */
  boundPublisher(): string | undefined
  /** A site's session has a link. */
  reachable(site: string): boolean
  /** Why each site cannot take it, one sentence. */
  reasons(): string
  stored(letter: Letter, lane: Lane): void
  /** A seq that nobody will ever receive (R15). */
  voided(source: string, seq: number): void
  moved(lane: string, from: string, to: string): void
}

/** The bound on what may wait for a site. Beyond it, publishing fails at once. */
export interface Room {
  readonly maxMessages: number
  readonly maxBytes: number
  messages: number
  bytes: number
}

/** Idle lanes beyond this many are forgotten, oldest first; one that publishes again gets a new number (R2). */
const MAX_LANES = 100_000
/** What one line has in flight; the rest waits in the outbox. */
const MAX_FLYING = 8_192
const REPAIR_BASE_MS = 25
const REPAIR_CAP_MS = 2_000
const DONE: Ending = { by: 'done' }

/** All lanes of one contract: hands messages over in order, keeps what is not stored, and follows the sites. */
export class Outbox {
  readonly #lanes = new Map<string, Lane>()
  readonly #around: Surroundings
  /**
   * `latest`: the channel keeps the newest value and must not end on an older one after a repair.
   * `work`: goes to another site only when its own is lost, because a second copy is a second execution (R41).
   */
  readonly #care: 'none' | 'latest' | 'work'

  constructor(around: Surroundings, care: 'none' | 'latest' | 'work') {
    this.#around = around
    this.#care = care
  }

  /** Takes a message; `settle` is called once. `id`: the identity of a message that only passes through. */
  offer(laneKey: string, load: Load, timeoutMs: number, settle: Settle, id?: string): Departure {
    const departure = new Departure(load, id, settle)
    const { room } = this.#around
    if (room.messages >= room.maxMessages || room.bytes + load.bytes > room.maxBytes) {
      departure.settle({ by: 'failed', error: this.#full() })
      return departure
    }
    room.messages += 1
    room.bytes += load.bytes
    const lane = this.#lane(laneKey)
    departure.deadline = this.#around.deadlines.add(this.#around.runtime.now() + timeoutMs, () =>
      this.#expire(lane, departure, undefined),
    )
    if (lane.lines.length === 0) this.#settleIn(lane)
    for (const line of lane.lines) {
      line.add(departure)
      this.#pump(lane, line)
    }
    if (departure.open === 0 && !departure.settled) this.#nowhere(departure)
    return departure
  }

  /** The deadline passed or the caller gave up (`error`): what was never handed over has failed, the rest is unknown (R20). */
  #expire(lane: Lane, departure: Departure, error: MessagingError | undefined): void {
    this.#undeadline(departure)
    const handedOver = departure.seq !== 0
    if (error !== undefined) departure.error = error
    for (const line of lane.lines) {
      const copy = line.copies.find((one) => one.of === departure)
      if (copy === undefined || copy.at === 'gone') continue
      const { ticket } = copy
      this.#drop(line, copy)
      ticket?.cancel()
    }
    if (handedOver) this.#conclude(lane, departure)
    else if (!departure.settled) this.#end(lane, departure, { by: 'failed', error: error ?? this.#late(departure) })
    for (const line of lane.lines) this.#pump(lane, line)
  }

  /** The caller gives up. */
  cancel(laneKey: string, departure: Departure, error: MessagingError): void {
    const lane = this.#lanes.get(laneKey)
    if (lane !== undefined) this.#expire(lane, departure, error)
  }

  /** Something about a site changed: lanes without a way look for one, open ways are used. */
  follow(site: string): void {
    for (const lane of this.#lanes.values()) {
      for (const line of lane.lines) {
        if (line.site === site) this.#relink(lane, line)
        else if (!this.#around.reachable(line.site)) this.#relink(lane, line)
      }
    }
  }

  /** Resolves what closing must wait for: nothing waits and nothing flies. */
  get empty(): boolean {
    for (const lane of this.#lanes.values()) if (!lane.idle) return false
    return true
  }

  /** Ends everything that is still open. */
  abandon(error: MessagingError): void {
    for (const lane of this.#lanes.values()) {
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
    const lane = new Lane(key)
    this.#lanes.set(key, lane)
    return lane
  }

  #forgetIdle(): void {
    let wanted = MAX_LANES / 10
    for (const [key, lane] of this.#lanes) {
      if (wanted === 0) return
      if (!lane.idle) continue
      this.#lanes.delete(key)
      wanted -= 1
    }
  }

  /** A lane's first home, or all of them (R7). */
  #settleIn(lane: Lane): void {
    const choice = this.#around.choose(lane.key, undefined, undefined)
    const { ack, sites } = choice
    const homes = ack === undefined ? sites.slice(0, 1) : sites
    lane.lines = homes.map((site) => new Line(site))
    lane.needed = ack === 'all' ? homes.length : ack === 'majority' ? Math.floor(homes.length / 2) + 1 : 1
  }

  #relink(lane: Lane, line: Line): void {
    line.open = undefined
    if (!this.#around.reachable(line.site)) {
      // What was in flight has been reported by now: a link ends after its outcomes.
      if (line.flying === 0) line.restart()
      if (lane.lines.length === 1) this.#move(lane, line, undefined)
    }
    this.#pump(lane, line)
  }

  /** Looks for a better home. A lane with lines to all sites stays where it is. */
  #move(lane: Lane, line: Line, avoid: ReadonlySet<string> | undefined): void {
    const to = this.#around.choose(lane.key, avoid, line.site).sites[0]
    if (to === undefined || to === line.site || !this.#around.reachable(to)) return
    if (line.flying > 0) {
      line.state = 'leaving'
      return
    }
    const from = line.site
    line.home = [to]
    line.restart()
    this.#around.moved(lane.key, from, to)
  }

  #pump(lane: Lane, line: Line): void {
    while (line.flying < MAX_FLYING) {
      const open = line.open ?? this.#open(lane, line)
      if (open === undefined || line.pause !== undefined) return
      const copy = line.due()
      if (copy === undefined) return
      if (copy.at === 'ready') this.#handOver(lane, line, copy)
    }
  }

  #open(lane: Lane, line: Line): Line['open'] {
    const state = this.#around.channel(line.site)
    if (state.at === 'open') {
      line.open = state
      return state
    }
    if (state.at === 'refused') this.#refusedThere(lane, line, state.error)
    return undefined
  }

  /** The site refuses the channel itself: another one may take it; what no site will ever take has failed. */
  #refusedThere(lane: Lane, line: Line, error: MessagingError): void {
    if (lane.lines.length === 1) {
      const before = line.site
      this.#move(lane, line, new Set([before]))
      if (line.site !== before) {
        this.#pump(lane, line)
        return
      }
    }
    if (error.retryable || error.code === 'forbidden' || error.code === 'not-found') {
      for (const copy of line.copies) copy.of.error = error
      if (error.retryable) return
    }
    for (const copy of [...line.copies]) {
      if (copy.at !== 'ready') continue
      copy.of.error = error
      this.#drop(line, copy)
      this.#conclude(lane, copy.of)
    }
  }

  #handOver(lane: Lane, line: Line, copy: Copy): void {
    const departure = copy.of
    const { open } = line
    if (open === undefined) return
    const { can } = open.channel
    const { load } = departure
    if (load.bytes > can.maxBytes) {
      departure.error = tooLarge(load.bytes, can.maxBytes, line.site)
      this.#drop(line, copy)
      this.#conclude(lane, departure)
      return
    }
    if (departure.seq === 0) this.#identify(lane, departure)
    departure.confirms = can.confirms
    copy.tries += 1
    copy.at = 'flying'
    line.flying += 1
    const message = outgoing(departure.letter, copy.tries > 1)
    copy.ticket = open.sender.send(message, load.bytes, (outcome) => this.#outcome(lane, line, copy, outcome))
  }

  /** Identity is given once, when a message leaves for its first link (R3). */
  #identify(lane: Lane, departure: Departure): void {
    const { room, publisher } = this.#around
    const { letter } = departure
    room.messages -= 1
    room.bytes -= letter.load.bytes
    lane.seq += 1
    letter.seq = lane.seq
    if (letter.id !== undefined || letter.load.foreign) return
    lane.source ??= publisher.source(this.#around.boundPublisher())
    letter.id = formatId(lane.source, letter.seq, publisher.stamp())
  }

  #outcome(lane: Lane, line: Line, copy: Copy, outcome: SendOutcome): void {
    const departure = copy.of
    copy.ticket = undefined
    line.flying -= 1
    const how = verdict(outcome)
    if (outcome.outcome !== 'done') departure.error = outcome.error
    if (how === 'ambiguous') departure.ambiguous = true
    if (how === 'stored') this.#stored(lane, line, copy)
    else if (how === 'final') this.#drop(line, copy)
    else if (copy.at !== 'gone') this.#failed(lane, line, copy)
    this.#conclude(lane, departure)
    if (line.state === 'leaving' && line.flying === 0) {
      line.restart()
      this.#move(lane, line, new Set([line.site]))
    }
    this.#pump(lane, line)
  }

  #stored(lane: Lane, line: Line, copy: Copy): void {
    const departure = copy.of
    this.#drop(line, copy)
    line.failures = 0
    const { letter } = departure
    letter.stored = letter.stored.length === 0 ? line.home : [...letter.stored, line.site]
    this.#around.stored(letter, lane)
    if (this.#care === 'latest') this.#keepNewest(lane, line, departure, copy.tries > 1)
  }

  /** After a repair an older value would stand as the channel's latest: the newest goes again behind it. */
  #keepNewest(lane: Lane, line: Line, departure: Departure, repaired: boolean): void {
    if (lane.newest === undefined || departure.seq >= lane.newest.seq) lane.newest = departure
    else if (repaired && lane.newest.stored.includes(line.site)) {
      line.add(lane.newest)
      const copy = line.copies.at(-1)
      if (copy !== undefined) copy.tries = 1
    }
  }

  /** Neither stored nor final: it goes again, after a pause while the link lives, elsewhere when the site is the problem. */
  #failed(lane: Lane, line: Line, copy: Copy): void {
    copy.at = 'ready'
    line.state = line.state === 'leaving' ? 'leaving' : 'repairing'
    line.failures += 1
    if (lane.lines.length === 1 && line.failures > 1 && this.#care !== 'work')
      this.#move(lane, line, new Set([line.site]))
    if (line.pause !== undefined || line.state === 'leaving') return
    const { runtime } = this.#around
    const pauseMs = Math.min(REPAIR_CAP_MS, REPAIR_BASE_MS * 2 ** Math.min(line.failures, 8))
    line.pause = runtime.after(pauseMs * (0.5 + runtime.random() / 2), () => {
      line.pause = undefined
      this.#pump(lane, line)
    })
  }

  #drop(line: Line, copy: Copy): void {
    if (copy.at === 'gone') return
    copy.at = 'gone'
    copy.of.open -= 1
    line.trim()
  }

  /** Settles a departure as soon as its end is certain (R17, R21). */
  #conclude(lane: Lane, departure: Departure): void {
    const ending = departure.settled ? undefined : this.#endingOf(lane, departure)
    if (ending !== undefined) this.#end(lane, departure, ending)
    else this.#release(departure)
  }

  /** `undefined`: an attempt is still open. */
  #endingOf(lane: Lane, departure: Departure): Ending | undefined {
    const stored = departure.stored.length
    if (stored >= lane.needed) return DONE
    if (departure.open > 0) return undefined
    if (stored > 0 || departure.ambiguous) return { by: 'unknown', error: departure.error }
    return { by: 'failed', error: departure.error ?? this.#late(departure) }
  }

  #end(lane: Lane, departure: Departure, ending: Ending): void {
    if (ending.by === 'failed' && departure.seq === 0) {
      this.#around.room.messages -= 1
      this.#around.room.bytes -= departure.load.bytes
    } else if (ending.by === 'failed' && lane.source !== undefined) this.#around.voided(lane.source, departure.seq)
    departure.settle(ending)
    this.#release(departure)
  }

  #release(departure: Departure): void {
    if (departure.open === 0) this.#undeadline(departure)
  }

  #undeadline(departure: Departure): void {
    if (departure.deadline !== undefined) this.#around.deadlines.remove(departure.deadline)
    departure.deadline = undefined
  }

  #nowhere(departure: Departure): void {
    this.#around.room.messages -= 1
    this.#around.room.bytes -= departure.load.bytes
    this.#undeadline(departure)
    departure.settle({
      by: 'failed',
      error: new MessagingError('unavailable', `the route has no site for it: ${this.#around.reasons()}`),
    })
  }

  #full(): MessagingError {
    const { maxMessages, maxBytes } = this.#around.room
    return new MessagingError(
      'unavailable',
      `the outbox is full (${maxMessages} messages, ${maxBytes} bytes): ${this.#around.reasons()}`,
    )
  }

  #late(departure: Departure): MessagingError {
    return new MessagingError(
      'unavailable',
      `no site took it in time: ${departure.error?.message ?? this.#around.reasons()}`,
    )
  }
}

function tooLarge(bytes: number, limit: number, site: string): MessagingError {
  return new MessagingError('too-large', `${bytes} bytes are more than the ${limit} that ${site} takes`, { site })
}

import type { MessagingError, SendOutcome } from '@spanwire/driver'
import { prefixOf } from '../arrival/identity.js'
import type { Clocks } from '../runtime/moment.js'
import type { ChannelState } from '../session/channels.js'
import { withdraw } from '../session/sender.js'
import { type Copy, type Heard, type Lane, Line, verdict } from './lane.js'
import type { Departure, Done } from './message.js'
import { misfitOf } from './misfit.js'
import { again } from './outgoing.js'
import type { Settling } from './settling.js'
import type { Surroundings } from './surroundings.js'

/** What one line has in flight; the rest waits in the outbox. */
const MAX_FLYING = 8_192
const REPAIR_BASE_MS = 25
const REPAIR_CAP_MS = 2_000

/** What is not kept for another site needs no time. */
const NEVER: Clocks = { nowMs: 0, wallMs: 0 }

/**
 * `latest`: the channel keeps the newest value and must not end on an older one after a repair.
 * `work`: goes to another site only when its own is lost, because a second copy is a second execution (R41).
 */
export type Care = 'none' | 'latest' | 'work'

/** Carries a lane's messages along its lines: finds homes, hands over in order, repairs, moves. */
export class Carrier {
  readonly #around: Surroundings
  readonly #settling: Settling
  readonly #care: Care

  constructor(around: Surroundings, settling: Settling, care: Care) {
    this.#around = around
    this.#settling = settling
    this.#care = care
  }

  /** A lane's first home, or all of them (R7). */
  settleIn(lane: Lane): void {
    const choice = this.#around.choose(lane.key, undefined, undefined)
    const { ack, sites } = choice
    const homes = ack === undefined ? sites.slice(0, 1) : sites
    lane.lines = homes.map((site) => this.line(lane, site))
    const [, next] = sites
    if (this.#around.isReady && ack === undefined && next !== undefined) this.#around.channel(next)
    lane.needed = ack === 'all' ? homes.length : ack === 'majority' ? Math.floor(homes.length / 2) + 1 : 1
  }

  /** A way for this lane to that site. */
  line(lane: Lane, site: string): Line {
    const heard: Heard = (line, copy, outcome) => this.#outcome(lane, line, copy, outcome)
    return new Line(site, heard)
  }

  /** Nothing gets through where it is. */
  isStuck({ site }: Line): boolean {
    return !this.#around.reachable(site) || isIll(this.#around.channel(site))
  }

  /** Too few of its sites are reached for anything to be done. */
  isStranded({ lines, needed }: Lane): boolean {
    return lines.filter(({ barred, site }) => !barred && this.#around.reachable(site)).length < needed
  }

  relink(lane: Lane, line: Line): void {
    line.open = undefined
    if (line.barred) this.#move(lane, line, undefined)
    else if (!this.#around.reachable(line.site)) {
      // What was in flight has been reported by now: a link ends after its outcomes.
      if (line.flying === 0) line.restart()
      if (lane.lines.length === 1 && !this.#around.refuses(line.site)) this.#move(lane, line, undefined)
    } else if (lane.lines.length === 1 && isIll(this.#around.channel(line.site)))
      this.#move(lane, line, new Set([line.site]))
    this.pump(lane, line)
  }

  /** Goes to a better home as planned: at once when nothing is on its way, else when that has ended. */
  leave(lane: Lane, line: Line): void {
    this.#move(lane, line, new Set([line.site]))
    this.pump(lane, line)
  }

  /** It belongs where it is, also if it was about to leave. */
  stay(lane: Lane, line: Line): void {
    if (line.state === 'leaving') line.state = 'repairing'
    this.pump(lane, line)
  }

  /** Goes to a site that stands ready, without waiting for what is on its way (R10): whatever became of it, it goes again there. */
  evade(lane: Lane, line: Line): void {
    const { site } = line
    const to = this.#care === 'work' ? undefined : this.#better(lane, site, new Set([site]))
    if (to === undefined || !this.#around.isWell(to) || this.#around.channel(to).at !== 'open') return
    line.state = 'leaving'
    // With the last one that flew the lane has gone.
    for (const copy of [...line.copies]) if (line.site === site) withdraw(copy)
    if (line.site === site) this.leave(lane, line)
  }

  /** Looks for a better home. A lane with lines to all sites stays where it is. */
  #move(lane: Lane, line: Line, avoid: ReadonlySet<string> | undefined): void {
    const to = this.#better(lane, line.site, avoid)
    if (to === undefined) return
    if (line.flying > 0) {
      line.state = 'leaving'
      return
    }
    const from = line.site
    // Frozen: it is also what users see as the sites that stored a message.
    line.home = Object.freeze([to] as const)
    line.barred = false
    line.restart()
    this.#around.moved(lane.key, from, to)
  }

  #better(lane: Lane, home: string, avoid: ReadonlySet<string> | undefined): string | undefined {
    const { reachable } = this.#around
    const others = this.#around.choose(lane.key, avoid, home).sites.filter((site) => site !== home)
    const well = others.find((site) => this.#takes(site))
    // From a site that is lost, one whose channel was ill is better than none: what is sent there shows whether it still is.
    return well ?? (reachable(home) ? undefined : others.find((site) => reachable(site) && this.#isOpenAt(site)))
  }

  #isOpenAt(site: string): boolean {
    return this.#around.channel(site).at === 'open'
  }

  /** A site that refuses the channel, or where its sends do not get through, is no better home than the one that is left. */
  #takes(site: string): boolean {
    const state = this.#around.channel(site)
    return this.#around.reachable(site) && state.at !== 'refused' && !isIll(state)
  }

  pump(lane: Lane, line: Line): void {
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
      if (line.flying > 0 && line.sender !== state.sender) return undefined
      line.sender = state.sender
      line.open = state
      return state
    }
    if (state.at === 'refused') this.#refusedThere(lane, line, state.error)
    if (state.at === 'none' && this.isStranded(lane)) this.#around.awaited()
    const refusal = state.at === 'none' && lane.lines.length === 1 ? this.#around.refusal(line.site) : undefined
    if (refusal !== undefined) this.#failReady(lane, line, refusal)
    return undefined
  }

  /** The site refuses the channel itself: another one may take it; what no site will ever take has failed. */
  #refusedThere(lane: Lane, line: Line, error: MessagingError): void {
    if (lane.lines.length === 1) {
      const before = line.site
      this.#move(lane, line, new Set([before]))
      if (line.site !== before) {
        this.pump(lane, line)
        return
      }
    }
    if (error.retryable || error.code === 'forbidden' || error.code === 'not-found') {
      for (const copy of line.copies) copy.of.error = error
      if (error.retryable) return
    }
    this.#failReady(lane, line, error)
  }

  /** What waits there will not be taken there. */
  #failReady(lane: Lane, line: Line, error: MessagingError): void {
    for (const copy of [...line.copies]) {
      if (copy.at !== 'ready') continue
      copy.of.error = error
      this.giveUp(lane, line, copy)
    }
  }

  #handOver(lane: Lane, line: Line, copy: Copy): void {
    const departure = copy.of
    const { open } = line
    if (open === undefined) return
    const { can } = open.channel
    const { letter } = departure
    const misfit = misfitOf(letter, can, line.site)
    if (misfit !== undefined) {
      departure.error = misfit
      this.giveUp(lane, line, copy)
      return
    }
    if (letter.seq === 0) this.#identify(lane, departure)
    departure.confirms = can.confirms
    copy.tries += 1
    copy.at = 'flying'
    line.flying += 1
    open.sender.hand(copy, copy.tries > 1 ? again(letter, copy.closes) : letter, letter.body.length)
  }

  /** Identity is given once, when a message leaves for its first link (R3). */
  #identify(lane: Lane, departure: Departure): void {
    const { letter } = departure
    const { room, publisher } = this.#around
    room.leave(departure)
    lane.seq += 1
    letter.seq = lane.seq
    if (letter.id !== '') return
    if (lane.source === undefined) {
      lane.source = publisher.source(this.#around.boundPublisher())
      lane.prefix = prefixOf(lane.source)
    }
    letter.id = lane.prefix + letter.seq + publisher.suffix()
  }

  #outcome(lane: Lane, line: Line, copy: Copy, outcome: SendOutcome): void {
    const departure = copy.of
    line.flying -= 1
    const how = verdict(outcome)
    if (outcome.outcome !== 'done') departure.error = outcome.error
    if (how === 'ambiguous') departure.ambiguous = true
    if (outcome.outcome === 'done') this.#stored(lane, line, copy, outcome)
    else if (how === 'final') this.drop(line, copy)
    else if (!lane.lines.includes(line)) this.drop(line, copy)
    else if (copy.at !== 'gone') this.#failed(lane, line, copy)
    this.conclude(lane, departure)
    if (line.state === 'leaving' && line.flying === 0) {
      line.restart()
      this.#move(lane, line, new Set([line.site]))
    }
    this.pump(lane, line)
  }

  #stored(lane: Lane, line: Line, copy: Copy, proof: Done): void {
    this.drop(line, copy)
    line.failures = 0
    if (copy.closes !== undefined) return
    const { letter } = copy.of
    const { retainMs } = lane.channel
    line.acknowledge(lane, letter, retainMs > 0 ? this.#around.publisher.moment.clocks : NEVER, proof)
    this.#around.stored(letter)
    if (this.#care === 'latest') this.#keepNewest(lane, line, copy)
  }

  /** After a repair an older value would stand as the channel's latest: the newest goes again behind it. */
  #keepNewest(lane: Lane, line: Line, copy: Copy): void {
    const { newest } = lane
    if (newest === undefined || copy.of.letter.seq >= newest.letter.seq) lane.newest = copy.of
    else if (copy.tries > 1 && newest.letter.id !== undefined && newest.stored.includes(line.site))
      line.add(newest, true, { id: this.#around.rename(newest.letter.id) })
  }

  /** Neither stored nor final: it goes again, after a pause while the link lives, elsewhere when the site is the problem. */
  #failed(lane: Lane, line: Line, copy: Copy): void {
    copy.at = 'ready'
    const isLeaving = line.state === 'leaving'
    line.state = isLeaving ? 'leaving' : 'repairing'
    line.failures += 1
    const { code, retryAfterMs = 0 } = copy.of.error ?? {}
    // Who leaves has chosen, and a link that ends fails thousands in one turn. Who has too much to do is given time, and
    // his load is not thrown at the next one.
    const stays = isLeaving || lane.lines.length > 1 || this.#care === 'work' || code === 'overloaded'
    if (!stays && line.failures > 1) this.#move(lane, line, new Set([line.site]))
    if (line.pause !== undefined || line.state === 'leaving') return
    const { runtime } = this.#around
    const pauseMs = Math.min(REPAIR_CAP_MS, REPAIR_BASE_MS * 2 ** Math.min(line.failures, 8))
    line.pause = runtime.after(retryAfterMs + pauseMs * (0.5 + runtime.random() / 2), () => {
      line.pause = undefined
      this.pump(lane, line)
    })
  }

  /** Not on this line. */
  giveUp(lane: Lane, line: Line, copy: Copy): void {
    this.drop(line, copy)
    this.conclude(lane, copy.of)
  }

  conclude(lane: Lane, departure: Departure): void {
    this.#settling.conclude(lane, departure)
  }

  drop(line: Line, copy: Copy): void {
    if (copy.at === 'gone') return
    copy.at = 'gone'
    copy.of.open -= 1
    line.trim()
  }
}

function isIll(state: ChannelState): boolean {
  return state.at === 'open' && state.ill !== undefined
}

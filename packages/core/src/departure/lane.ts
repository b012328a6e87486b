import type { SendOutcome } from '@spanwire/driver'
import { parseId } from '../arrival/identity.js'
import type { Clocks } from '../runtime/moment.js'
import type { Deadline } from '../runtime/wheel.js'
import type { OpenChannel } from '../session/channels.js'
import type { Parcel, Shipment } from '../session/sender.js'
import type { Letter } from './letter.js'
import type { Ack, Departure, Done } from './message.js'
import type { Renamed } from './outgoing.js'
import type { RetainedChannel } from './retained.js'

/** Acknowledgements this close to each other count as one. */
const SAME_MS = 10

/** Hears what became of a copy that was handed over. */
export type Heard = (line: Line, copy: Copy, outcome: SendOutcome) => void

/** One message on one line. */
export class Copy implements Parcel {
  readonly of: Departure
  at: 'ready' | 'flying' | 'gone' = 'ready'
  /** Hand-overs so far, over all homes of the line: from the second on the copy is flagged `again`. */
  tries = 0
  shipment: Shipment | undefined
  place = 0
  /** Stands last in a repaired channel, under an id that the engine has not seen (R10). */
  readonly closes: Renamed | undefined
  readonly #line: Line

  constructor(line: Line, of: Departure, closes?: Renamed) {
    this.of = of
    this.closes = closes
    this.#line = line
  }

  report(outcome: SendOutcome): void {
    this.#line.heard(this.#line, this, outcome)
  }
}

/** A lane's way to one site. Copies stand in seq order; the first `next` of them were handed over there. */
export class Line {
  /** The only element is the site: the letters that it stored share this list. */
  home: readonly [site: string]
  readonly copies: Copy[] = []
  next = 0
  /** So many at the front are known to be gone. */
  #gone = 0
  readonly heard: Heard
  /** What the letters share that were stored here within a moment, and where they had been stored before. */
  #ack: Ack | undefined
  #before: readonly string[] | undefined
  /**
   * `repairing`: a copy did not end up stored, and until it is nothing later is handed over (R8).
   * `leaving`: hands over nothing; goes elsewhere when what is in flight has ended (R9).
   */
  state: 'flowing' | 'repairing' | 'leaving' = 'flowing'
  flying = 0
  /** The routes never lead here: nothing is handed over (I9). */
  barred = false
  /** Where the site's channel is open; looked up again after each change of the session. */
  open: OpenChannel | undefined
  /** Who was handed its last copies: those on its way over one link end before the next ones go over another. */
  sender: OpenChannel['sender'] | undefined
  /** Failures in a row, for the pace of repairs. */
  failures = 0
  /** Cancels the pending repair. */
  pause: (() => void) | undefined

  constructor(site: string, heard: Heard) {
    this.heard = heard
    this.home = Object.freeze([site] as const)
  }

  get site(): string {
    return this.home[0]
  }

  /** This site said that a letter is its own. */
  acknowledge(lane: Lane, letter: Letter, clocks: Clocks, proof: Done): void {
    const before = letter.ack?.stored
    const last = this.#ack
    if (last === undefined || before !== this.#before || clocks.nowMs >= last.nowMs + SAME_MS) {
      this.#before = before
      this.#ack = { lane, stored: before ? [...before, this.site] : this.home, proof, ...clocks }
    }
    letter.ack = this.#ack
  }

  /** `isAgain`: another line has handed it over. `closes`: the same message once more, behind all others. */
  add(departure: Departure, isAgain = false, closes?: Renamed): void {
    departure.open += 1
    const copy = new Copy(this, departure, closes)
    if (isAgain) copy.tries = 1
    this.copies.push(copy)
  }

  /** The first that was handed over and has not ended. */
  get oldest(): Letter | undefined {
    const copy = this.copies.find(({ at, closes }) => at !== 'gone' && closes === undefined)
    return copy !== undefined && copy.of.letter.seq > 0 ? copy.of.letter : undefined
  }

  /** The copy that may be handed over now, if any. */
  due(): Copy | undefined {
    if (this.barred || this.state === 'leaving') return undefined
    if (this.state === 'repairing') {
      const failed = this.#repair()
      if (failed !== undefined) return failed.at === 'ready' ? failed : undefined
      this.state = 'flowing'
    }
    const copy = this.copies[this.next]
    if (copy !== undefined) this.next += 1
    return copy
  }

  /** The first handed-over copy that came back, unless a repair is under way. */
  #repair(): Copy | undefined {
    let first: Copy | undefined
    for (let at = 0; at < this.next; at++) {
      const copy = this.copies[at]
      if (copy === undefined || copy.at === 'gone') continue
      if (copy.at === 'flying' && copy.tries > 1) return copy
      if (copy.at === 'ready') first ??= copy
    }
    return first
  }

  /** Forgets the copies that are gone; cheap when they end in order. */
  trim(): void {
    while (this.copies[this.#gone]?.at === 'gone') this.#gone += 1
    const gone = this.#gone
    if (gone === 0 || (gone < 64 && gone < this.copies.length)) return
    // One at a time, so that the list keeps its memory: most lanes are empty again and again.
    if (gone === this.copies.length) while (this.copies.pop());
    else this.copies.splice(0, gone)
    this.#gone = 0
    this.next = Math.max(0, this.next - gone)
  }

  /** On a new link or at a new site everything that is still open goes again, in seq order. */
  restart(): void {
    this.pause?.()
    this.pause = undefined
    this.state = 'flowing'
    this.open = undefined
    this.#ack = undefined
    this.failures = 0
    this.next = 0
    while (this.copies[this.next]?.at === 'gone') this.next += 1
  }
}

/** The unit of identity, order, routing and moves (R1). */
export class Lane {
  readonly key: string
  /** Publisher and lane number; given at the first hand-over. */
  source: string | undefined
  /** What its ids begin with. */
  prefix = ''
  seq = 0
  lines: readonly Line[] = []
  /** Sites that must have stored a message before it is done. */
  needed = 1
  /** The highest one stored, for channels that keep the latest. */
  newest: Departure | undefined
  /** There is nothing to tell about it that its readers have not been told (R16). */
  isQuiet = true
  /** The nearest deadline of what is open in it. */
  due: Deadline | undefined
  /** Where what is stored is kept for another site. */
  readonly channel: RetainedChannel

  constructor(key: string, channel: RetainedChannel) {
    this.key = key
    this.channel = channel
  }

  /** All up to `high` has ended, at its furthest line; what had not was stamped at `since`, Unix ms, or later. */
  get ended(): { readonly high: number; readonly since: number | undefined } {
    let high = this.lines.length > 0 ? 0 : this.seq
    let since: number | undefined
    for (const { oldest } of this.lines) {
      const reached = oldest === undefined ? this.seq : oldest.seq - 1
      if (reached < high) continue
      high = reached
      since = oldest === undefined ? undefined : parseId(oldest.id)?.timeMs
    }
    return { high, since }
  }

  /** What may still end late. What only closes a repair ends when it can. */
  open(): Departure[] {
    const copies = this.lines.flatMap((line) => line.copies)
    return copies.filter((copy) => copy.at !== 'gone' && copy.closes === undefined).map((copy) => copy.of)
  }

  /** All has left, but for what is done and would only go to a site that is away as well. */
  isOut(isAway: (site: string) => boolean): boolean {
    return this.lines.every(({ copies, site }) => {
      if (copies.length === 0) return true
      return isAway(site) && copies.every((copy) => copy.at === 'gone' || copy.of.settled)
    })
  }

  get idle(): boolean {
    return this.lines.every((line) => line.copies.length === 0)
  }
}

/** What an outcome means for a copy at this site. */
export function verdict(outcome: SendOutcome): 'stored' | 'final' | 'ambiguous' | 'again' {
  switch (outcome.outcome) {
    case 'done':
      return 'stored'
    case 'unknown':
      return 'ambiguous'
    case 'refused':
      return outcome.error.scope === 'message' ? 'final' : 'again'
    case 'unsent':
      // That it did not leave says nothing of the message: a channel that was given up reports so too.
      return 'again'
  }
}

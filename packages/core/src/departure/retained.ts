import type { Headers } from '@spanwire/driver'
import { renamed } from '../arrival/identity.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Sender } from '../session/sender.js'
import type { Lane } from './lane.js'
import type { Letter } from './letter.js'
import { again } from './outgoing.js'

/** One message that looks for another site. */
interface Due {
  readonly letter: Letter
  /** The site that is lost, or that came back. */
  readonly from: string
  /** The last of its lane: the lane's newest must stand behind it, in channels that keep the latest (R10). */
  readonly isLast: boolean
}

/** What re-offering needs to know of a channel. */
export interface RetainedChannel {
  readonly name: string
  readonly retainMs: number
  /** Where a lane's copies may go, best first; under `all`, every one (I9). */
  sites(lane: Lane): { readonly sites: readonly string[]; readonly everywhere: boolean }
  sender(site: string): Sender | undefined
  /** A tombstone belongs to all sites, also to one that comes back (R48). */
  everywhere(headers: Headers): boolean
  /** False: the site's log is another one by now, or ends before this position. */
  holds(site: string, position: string): Promise<boolean>
  offered(from: string, to: string, count: number): void
}

/** A site that is back: it may have lost what it had acknowledged by then. */
interface Doubt {
  readonly channel: RetainedChannel
  readonly site: string
  /** Of what it had acknowledged last. */
  readonly position: string
  /** Runtime ms. */
  readonly backAt: number
}

/** By channel, where in a site's log that stands which it acknowledged last. */
type LastWords = Map<RetainedChannel, string>

/** What keeping a message costs besides its body, about; so that the bound is one of memory. */
const OVERHEAD = 512
/** So many messages are added between two looks at the age of the oldest. */
const TRIM_EVERY = 64
/** Messages that are offered again and not answered, so that new ones are not held up and a site that takes over is not flooded (R13). */
const BURST = 512
const PACE_MS = 10

/**
 * What sites acknowledged, kept for a while: should all that acknowledged a message be lost, it is offered to another
 * one (R10-R13). Bounded by time and bytes; the oldest goes first.
 */
export class Retained {
  readonly #runtime: Runtime
  readonly #maxBytes: number
  /** By age, but for those that were acknowledged once more: at the head they go to the end. */
  #kept: Letter[] = []
  /** Offered again and acknowledged: younger than its place says. */
  readonly #renewed = new WeakSet<Letter>()
  #head = 0
  #bytes = 0
  #cut = false
  /** Sites that went away and did not come back since, with what they had said by then: what is offered again has other proofs. */
  readonly #lost = new Map<string, LastWords>()
  readonly #doubts = new Set<Doubt>()
  #due: Due[] = []
  #flying = 0
  #asking = 0
  #pace: (() => void) | undefined

  constructor(runtime: Runtime, maxBytes: number) {
    this.#runtime = runtime
    this.#maxBytes = maxBytes
  }

  /** A site has said that it is its own. */
  add(letter: Letter): void {
    const { ack } = letter
    if (ack === undefined || ack.stored.length > 1 || ack.lane.channel.retainMs === 0) return
    this.#kept.push(letter)
    this.#bytes += letter.body.length + OVERHEAD
    if (this.#isOver()) {
      this.#cut = true
      this.#forget(this.#isOver)
    }
    if (this.#kept.length % TRIM_EVERY === 0) this.#trim()
    if (!isForAll(letter)) return
    this.#due.push({ letter, from: ack.stored[0] ?? '', isLast: true })
    this.#work()
  }

  /** A site is gone: what only lost sites acknowledged goes elsewhere, lane by lane in seq order. */
  lost(site: string): void {
    this.#lost.set(site, this.#lastWords(site))
    this.#offerLost(site)
  }

  #lastWords(site: string): LastWords {
    const words: LastWords = new Map(this.#lost.get(site))
    for (const { ack } of this.#kept.slice(this.#head).reverse().sort(youngestFirst)) {
      if (ack?.stored.at(-1) !== site || words.has(ack.lane.channel)) continue
      const position = ack.proof.position?.()
      if (position !== undefined) words.set(ack.lane.channel, position)
    }
    return words
  }

  #offerLost(from: string): void {
    this.#trim()
    const byLane = new Map<Lane, Letter[]>()
    for (const letter of this.#kept.slice(this.#head)) {
      const { ack } = letter
      if (ack === undefined || !ack.stored.every((one) => this.#lost.has(one)) || this.#isOld(letter)) continue
      const lane = byLane.get(ack.lane) ?? []
      lane.push(letter)
      byLane.set(ack.lane, lane)
    }
    const lost = new Set([...byLane.values()].flat())
    this.#due = this.#due.filter(({ letter }) => !lost.has(letter))
    for (const lane of byLane.values()) {
      lane.sort((a, b) => a.seq - b.seq)
      for (const letter of lane) this.#due.push({ letter, from, isLast: letter === lane.at(-1) })
    }
    this.#work()
  }

  /** A site is back, or one of its channels opened: what waited for a place to go is tried again, and it hears what was removed meanwhile. */
  back(site: string, returned: boolean): void {
    if (returned) {
      const backAt = this.#runtime.now()
      for (const [channel, position] of this.#lastWords(site)) this.#doubts.add({ channel, site, position, backAt })
      for (const letter of this.#kept.slice(this.#head))
        if (isForAll(letter) && !letter.ack?.stored.includes(site)) this.#due.push({ letter, from: site, isLast: true })
    }
    this.#lost.delete(site)
    this.#examine()
    this.#work()
  }

  /** Asks sites that are back whether their logs still hold what they acknowledged last (R12). */
  #examine(): void {
    for (const doubt of this.#doubts) {
      const { channel, position, site } = doubt
      if (!this.#lost.has(site) && channel.sender(site) === undefined) continue
      this.#doubts.delete(doubt)
      this.#asking += 1
      void channel.holds(site, position).then((holds) => {
        this.#asking -= 1
        if (!holds) this.#forgotten(doubt)
      })
    }
  }

  /** The site came back without what it had acknowledged: what no other site has is offered again, there as well. */
  #forgotten({ backAt, channel, site }: Doubt): void {
    for (const letter of this.#kept.slice(this.#head)) {
      const { ack } = letter
      if (ack?.lane.channel !== channel || !ack.stored.includes(site)) continue
      if (ack.nowMs < backAt || ack.stored.at(-1) !== site)
        letter.ack = { ...ack, stored: ack.stored.filter((one) => one !== site) }
    }
    this.#offerLost(site)
  }

  /** Nothing is waiting to be offered again. */
  get settled(): boolean {
    return this.#due.length + this.#flying + this.#asking === 0
  }

  /** Something is to be offered again and has no place to go. */
  get waits(): boolean {
    return this.#due.some(({ letter }) => !this.#isOld(letter))
  }

  status(): { messages: number; bytes: number; spanMs: number; cut: boolean } {
    this.#trim()
    const first = this.#kept[this.#head]
    const spanMs = first === undefined ? 0 : Math.round(this.#runtime.now() - (first.ack?.nowMs ?? 0))
    return { messages: this.#kept.length - this.#head, bytes: this.#bytes, spanMs, cut: this.#cut }
  }

  close(): void {
    this.#pace?.()
    this.#due = []
    this.#kept = []
    this.#head = 0
  }

  #isOld({ ack }: Letter, now: number = this.#runtime.now(), wall: number = this.#runtime.wall()): boolean {
    return ack === undefined || Math.max(now - ack.nowMs, wall - ack.wallMs) > ack.lane.channel.retainMs
  }

  #trim(): void {
    const now = this.#runtime.now()
    const wall = this.#runtime.wall()
    this.#forget((first) => this.#isOld(first, now, wall))
  }

  /** Reads no clock: who publishes much stands at the bound, and asks with each message. */
  readonly #isOver = (): boolean => this.#bytes > this.#maxBytes

  /** From the oldest on, as long as it is so. */
  #forget(isSo: (first: Letter) => boolean): void {
    for (let first = this.#kept[this.#head]; first !== undefined; first = this.#kept[this.#head]) {
      if (this.#renewed.delete(first)) this.#kept.push(first)
      else if (isSo(first)) this.#bytes -= first.body.length + OVERHEAD
      else break
      this.#head += 1
    }
    if (this.#head <= 1_024 || this.#head * 2 <= this.#kept.length) return
    this.#kept = this.#kept.slice(this.#head)
    this.#head = 0
  }

  /** Offers a burst, then lets new messages pass. What has no place to go yet waits for one in its order, within its age. */
  #work(): void {
    if (this.#pace !== undefined) return
    const due = this.#due
    const waiting: Due[] = []
    let at = 0
    for (; at < due.length && this.#flying < BURST; at++) {
      const one = due[at]
      if (one !== undefined && !this.#isOld(one.letter) && !this.#offer(one)) waiting.push(one)
    }
    this.#due = [...waiting, ...due.slice(at)]
    if (at === due.length) return
    this.#pace = this.#runtime.after(PACE_MS, () => {
      this.#pace = undefined
      this.#work()
    })
  }

  /** False: no place to go at the moment. */
  #offer({ letter, from, isLast }: Due): boolean {
    const { ack } = letter
    // Whatever is kept has one.
    if (ack === undefined) return true
    const { lane, stored } = ack
    const { channel } = lane
    const toAll = isForAll(letter)
    const { sites, everywhere } = channel.sites(lane)
    const open = sites.filter((site) => !this.#lost.has(site) && !stored.includes(site))
    if (open.length === 0) return !stored.every((site) => this.#lost.has(site))
    let offered = false
    for (const site of toAll || everywhere ? open : open.slice(0, 1)) {
      const sender = channel.sender(site)
      if (sender === undefined) continue
      offered = true
      this.#flying += 1
      channel.offered(from, site, 1)
      sender.send(again(letter), letter.body.length, (outcome) => {
        this.#flying -= 1
        if (outcome.outcome === 'done') {
          const stored = [...(letter.ack ?? ack).stored, site]
          letter.ack = { lane, stored, proof: outcome, nowMs: this.#runtime.now(), wallMs: this.#runtime.wall() }
          this.#renewed.add(letter)
          if (isLast) this.#close(lane, letter.seq, site, sender)
          // It comes behind what went out meanwhile, so whatever stood last does so no more.
        } else if (outcome.outcome !== 'refused') this.#due.push({ letter, from, isLast: true })
      })
    }
    return offered
  }

  /** What the lane published since stood before the older ones: it goes again behind them. */
  #close(lane: Lane, seq: number, site: string, sender: Sender): void {
    const newest = lane.newest?.letter
    if (newest?.id === undefined || newest.seq <= seq || !newest.ack?.stored.includes(site)) return
    const message = again(newest, { id: renamed(newest.id, copyNumber(this.#runtime)) })
    sender.send(message, newest.body.length, () => undefined)
  }
}

/** As they are called, of the same age the later first. */
function youngestFirst(one: Letter, other: Letter): number {
  return (other.ack?.nowMs ?? 0) - (one.ack?.nowMs ?? 0)
}

function isForAll({ ack, headers }: Letter): boolean {
  return headers !== undefined && ack?.lane.channel.everywhere(headers) === true
}

/** Publishers and hops close without knowing of each other: their numbers must differ. */
export function copyNumber(runtime: Runtime): number {
  return Math.floor(runtime.random() * 2 ** 32)
}

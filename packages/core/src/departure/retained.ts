import { renamed } from '../arrival/identity.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Sender } from '../session/sender.js'
import type { Lane } from './lane.js'
import type { Clocks, Letter } from './message.js'
import { outgoing } from './outgoing.js'

/** One stored message, and where its lane lives. */
interface Kept {
  readonly letter: Letter
  readonly lane: Lane
  readonly channel: RetainedChannel
}

/** One message that looks for another site. */
interface Due {
  readonly kept: Kept
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
  everywhere(letter: Letter): boolean
  offered(from: string, to: string, count: number): void
}

/** What keeping a message costs besides its body, about; so that the bound is one of memory. */
const OVERHEAD = 512
/** So many messages are added between two looks at the age of the oldest. */
const TRIM_EVERY = 64
const LONG_AGO: Clocks = { nowMs: -Infinity, wallMs: -Infinity }
/** Messages that are offered again in one turn, so that new ones are not held up (R13). */
const BURST = 512
const PACE_MS = 10

/**
 * What sites acknowledged, kept for a while: should all that acknowledged a message be lost, it is offered to another
 * one (R10-R13). Bounded by time and bytes; the oldest goes first.
 */
export class Retained {
  readonly #runtime: Runtime
  readonly #maxBytes: number
  #kept: Kept[] = []
  #head = 0
  #bytes = 0
  #cut = false
  /** What acknowledgements of the same turn share. */
  #clocks: Clocks | undefined
  /** Sites that went away and did not come back since. */
  readonly #lost = new Set<string>()
  #due: Due[] = []
  #pace: (() => void) | undefined

  constructor(runtime: Runtime, maxBytes: number) {
    this.#runtime = runtime
    this.#maxBytes = maxBytes
  }

  add(letter: Letter, lane: Lane, channel: RetainedChannel): void {
    if (channel.retainMs === 0) return
    letter.acked = this.#readClocks()
    if (letter.stored.length > 1) return
    const kept = { letter, lane, channel }
    this.#kept.push(kept)
    this.#bytes += letter.load.bytes + OVERHEAD
    if (this.#bytes > this.#maxBytes || this.#kept.length % TRIM_EVERY === 0) this.#trim()
    if (!channel.everywhere(letter)) return
    this.#due.push({ kept, from: letter.stored[0] ?? '', isLast: true })
    this.#work()
  }

  /** Once for all that one turn acknowledged: a batch is hundreds of them. */
  #readClocks(): Clocks {
    if (this.#clocks !== undefined) return this.#clocks
    queueMicrotask(() => {
      this.#clocks = undefined
    })
    this.#clocks = { nowMs: this.#runtime.now(), wallMs: this.#runtime.wall() }
    return this.#clocks
  }

  /** A site is gone: what only lost sites acknowledged goes elsewhere, lane by lane in seq order. */
  lost(site: string): void {
    this.#lost.add(site)
    this.#trim()
    const byLane = new Map<Lane, Kept[]>()
    for (const kept of this.#kept.slice(this.#head)) {
      if (!kept.letter.stored.every((one) => this.#lost.has(one)) || this.#isOld(kept)) continue
      const lane = byLane.get(kept.lane) ?? []
      lane.push(kept)
      byLane.set(kept.lane, lane)
    }
    for (const lane of byLane.values()) {
      lane.sort((a, b) => a.letter.seq - b.letter.seq)
      for (const kept of lane) this.#due.push({ kept, from: site, isLast: kept === lane.at(-1) })
    }
    this.#work()
  }

  /** A site is back, or one of its channels opened: what waited for a place to go is tried again, and it hears what was removed meanwhile. */
  back(site: string, returned: boolean): void {
    this.#lost.delete(site)
    if (returned) {
      for (const kept of this.#kept.slice(this.#head)) {
        if (kept.channel.everywhere(kept.letter) && !kept.letter.stored.includes(site))
          this.#due.push({ kept, from: site, isLast: true })
      }
    }
    this.#work()
  }

  /** Nothing is waiting to be offered again. */
  get settled(): boolean {
    return this.#due.length === 0
  }

  status(): { messages: number; bytes: number; spanMs: number; cut: boolean } {
    this.#trim()
    const first = this.#kept[this.#head]
    const spanMs = first === undefined ? 0 : Math.round(this.#runtime.now() - (first.letter.acked?.nowMs ?? 0))
    return { messages: this.#kept.length - this.#head, bytes: this.#bytes, spanMs, cut: this.#cut }
  }

  close(): void {
    this.#pace?.()
    this.#due = []
    this.#kept = []
    this.#head = 0
  }

  #isOld(kept: Kept): boolean {
    const { nowMs, wallMs } = kept.letter.acked ?? LONG_AGO
    const age = Math.max(this.#runtime.now() - nowMs, this.#runtime.wall() - wallMs)
    return age > kept.channel.retainMs
  }

  #trim(): void {
    for (let first = this.#kept[this.#head]; first !== undefined; first = this.#kept[this.#head]) {
      const over = this.#bytes > this.#maxBytes
      if (!over && !this.#isOld(first)) break
      if (over) this.#cut = true
      this.#bytes -= first.letter.load.bytes + OVERHEAD
      this.#head += 1
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#head)
      this.#head = 0
    }
  }

  /** Offers a burst, then lets new messages pass. What has no place to go yet waits for one, within its age. */
  #work(): void {
    if (this.#pace !== undefined) return
    const burst = this.#due.splice(0, BURST)
    const waiting: typeof burst = []
    for (const one of burst) if (!this.#offer(one)) waiting.push(one)
    const more = this.#due.length > 0
    this.#due.push(...waiting.filter((one) => !this.#isOld(one.kept)))
    if (!more) return
    this.#pace = this.#runtime.after(PACE_MS, () => {
      this.#pace = undefined
      this.#work()
    })
  }

  /** False: no place to go at the moment. */
  #offer({ kept, from, isLast }: Due): boolean {
    const { letter, lane, channel } = kept
    const toAll = channel.everywhere(letter)
    const { sites, everywhere } = channel.sites(lane)
    const open = sites.filter((site) => !this.#lost.has(site) && !letter.stored.includes(site))
    if (open.length === 0) return !letter.stored.every((site) => this.#lost.has(site))
    let offered = false
    for (const site of toAll || everywhere ? open : open.slice(0, 1)) {
      const sender = channel.sender(site)
      if (sender === undefined) continue
      offered = true
      channel.offered(from, site, 1)
      sender.send(outgoing(letter, true), letter.load.bytes, (outcome) => {
        if (outcome.outcome === 'done') {
          letter.stored = [...letter.stored, site]
          if (isLast) this.#close(kept, site, sender)
          // It comes behind what went out meanwhile, so whatever stood last does so no more.
        } else if (outcome.outcome !== 'refused') this.#due.push({ kept, from, isLast: true })
      })
    }
    return offered
  }

  /** What the lane published since stood before the older ones: it goes again behind them. */
  #close({ letter, lane }: Kept, site: string, sender: Sender): void {
    const newest = lane.newest?.letter
    if (newest?.id === undefined || newest.seq <= letter.seq || !newest.stored.includes(site)) return
    const message = outgoing(newest, true, renamed(newest.id, copyNumber(this.#runtime)))
    sender.send(message, newest.load.bytes, () => undefined)
  }
}

/** Publishers and hops close without knowing of each other: their numbers must differ. */
export function copyNumber(runtime: Runtime): number {
  return Math.floor(runtime.random() * 2 ** 32)
}

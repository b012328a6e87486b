import type { Runtime } from '../runtime/runtime.js'
import type { Sender } from '../session/sender.js'
import type { Lane } from './lane.js'
import type { Departure } from './message.js'
import { outgoing } from './outgoing.js'

/** One stored message, and where its lane lives. */
interface Kept {
  readonly departure: Departure
  readonly lane: Lane
  readonly channel: RetainedChannel
}

/** What re-offering needs to know of a channel. */
export interface RetainedChannel {
  readonly name: string
  readonly retainMs: number
  /** Where a lane's copies may go, best first; under `all`, every one (I9). */
  sites(lane: Lane): { readonly sites: readonly string[]; readonly everywhere: boolean }
  sender(site: string): Sender | undefined
  /** A tombstone belongs to all sites, also to one that comes back (R48). */
  everywhere(departure: Departure): boolean
  offered(from: string, to: string, count: number): void
}

/** What keeping a message costs besides its body, about; so that the bound is one of memory. */
const OVERHEAD = 512
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
  /** Sites that went away and did not come back since. */
  readonly #lost = new Set<string>()
  #due: { kept: Kept; from: string }[] = []
  #pace: (() => void) | undefined

  constructor(runtime: Runtime, maxBytes: number) {
    this.#runtime = runtime
    this.#maxBytes = maxBytes
  }

  add(departure: Departure, lane: Lane, channel: RetainedChannel): void {
    if (channel.retainMs === 0 || departure.stored.length > 1) return
    const kept = { departure, lane, channel }
    this.#kept.push(kept)
    this.#bytes += departure.load.bytes + OVERHEAD
    this.#trim()
    if (!channel.everywhere(departure)) return
    this.#due.push({ kept, from: departure.stored[0] ?? '' })
    this.#work()
  }

  /** A site is gone: what only lost sites acknowledged goes elsewhere, lane by lane in seq order. */
  lost(site: string): void {
    this.#lost.add(site)
    this.#trim()
    const byLane = new Map<Lane, Kept[]>()
    for (const kept of this.#kept.slice(this.#head)) {
      if (!kept.departure.stored.every((one) => this.#lost.has(one)) || this.#isOld(kept)) continue
      const lane = byLane.get(kept.lane) ?? []
      lane.push(kept)
      byLane.set(kept.lane, lane)
    }
    for (const lane of byLane.values()) {
      lane.sort((a, b) => a.departure.seq - b.departure.seq)
      for (const kept of lane) this.#due.push({ kept, from: site })
    }
    this.#work()
  }

  /** A site is back, or one of its channels opened: what waited for a place to go is tried again, and it hears what was removed meanwhile. */
  back(site: string, returned: boolean): void {
    this.#lost.delete(site)
    if (returned) {
      for (const kept of this.#kept.slice(this.#head)) {
        if (kept.channel.everywhere(kept.departure) && !kept.departure.stored.includes(site))
          this.#due.push({ kept, from: site })
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
    const spanMs = first === undefined ? 0 : Math.round(this.#runtime.now() - first.departure.ackedAt)
    return { messages: this.#kept.length - this.#head, bytes: this.#bytes, spanMs, cut: this.#cut }
  }

  close(): void {
    this.#pace?.()
    this.#due = []
    this.#kept = []
    this.#head = 0
  }

  #isOld(kept: Kept): boolean {
    const { ackedAt, ackedWall } = kept.departure
    const age = Math.max(this.#runtime.now() - ackedAt, this.#runtime.wall() - ackedWall)
    return age > kept.channel.retainMs
  }

  #trim(): void {
    for (let first = this.#kept[this.#head]; first !== undefined; first = this.#kept[this.#head]) {
      const over = this.#bytes > this.#maxBytes
      if (!over && !this.#isOld(first)) break
      if (over) this.#cut = true
      this.#bytes -= first.departure.load.bytes + OVERHEAD
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
    for (const one of burst) if (!this.#offer(one.kept, one.from)) waiting.push(one)
    const more = this.#due.length > 0
    this.#due.push(...waiting.filter((one) => !this.#isOld(one.kept)))
    if (!more) return
    this.#pace = this.#runtime.after(PACE_MS, () => {
      this.#pace = undefined
      this.#work()
    })
  }

  /** False: no place to go at the moment. */
  #offer(kept: Kept, from: string): boolean {
    const { departure, lane, channel } = kept
    const toAll = channel.everywhere(departure)
    const { sites, everywhere } = channel.sites(lane)
    const open = sites.filter((site) => !this.#lost.has(site) && !departure.stored.includes(site))
    if (open.length === 0) return !departure.stored.every((site) => this.#lost.has(site))
    let offered = false
    for (const site of toAll || everywhere ? open : open.slice(0, 1)) {
      const sender = channel.sender(site)
      if (sender === undefined) continue
      offered = true
      channel.offered(from, site, 1)
      sender.send(outgoing(departure, true), departure.load.bytes, (outcome) => {
        if (outcome.outcome === 'done') departure.stored.push(site)
        else if (outcome.outcome !== 'refused') this.#due.push({ kept, from })
      })
    }
    return offered
  }
}

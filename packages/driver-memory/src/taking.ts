import type { Batch, Capabilities, Flow, Reception } from '@spanwire/driver'
import type { Claim } from './claim.js'
import type { Desk } from './desk.js'
import type { Filter } from './paths.js'
import { Pull } from './pull.js'

export interface TakingPlan {
  readonly channel: string
  readonly can: Capabilities
  readonly flow: Flow
  readonly filter: Filter | undefined
  readonly beatMs: number
  /** Does it when a hung engine goes on; if the link ends first, calls `dropped` and rejects. */
  readonly later: (work: () => void, dropped?: () => void) => Promise<void>
  /** Called once: nothing of it is left at the engine. */
  readonly leave: (taking: Taking) => void
}

/** A reception whose deliveries are settled. It fetches when it is pulled, hence holds nothing unpulled. */
export class Taking implements Reception {
  readonly beatMs: number
  readonly #plan: TakingPlan
  readonly #desk: Desk
  readonly #pull: Pull = new Pull()
  readonly #unsettled: Set<Claim> = new Set()
  #fresh: Claim[] = []
  #bytes = 0
  #flow: Flow
  #gone = false
  readonly #whenIdle: (() => void)[] = []

  constructor(desk: Desk, plan: TakingPlan) {
    this.beatMs = plan.beatMs
    this.#plan = plan
    this.#desk = desk
    this.#flow = plan.flow
    desk.join(this)
  }

  get channel(): string {
    return this.#plan.channel
  }

  get can(): Capabilities {
    return this.#plan.can
  }

  get waiting(): boolean {
    return this.#pull.waiting
  }

  get hasRoom(): boolean {
    const count = this.#unsettled.size
    return count === 0 || (count < this.#flow.messages && this.#bytes < this.#flow.bytes)
  }

  takes(path: string): boolean {
    return this.#plan.filter?.(path) !== false
  }

  later(work: () => void, dropped?: () => void): Promise<void> {
    return this.#plan.later(work, dropped)
  }

  next(): Promise<Batch | undefined> {
    return this.#pull.next(() => this.#desk.serve(this))
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.revive()
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#pull.end()
    this.#desk.leave(this)
    if (signal.aborted) this.#giveBack()
    if (this.#unsettled.size === 0) this.#leave()
    if (this.#gone) return Promise.resolve()
    return new Promise((resolve) => {
      const cut = () => this.#giveBack()
      signal.addEventListener('abort', cut, { once: true })
      this.#whenIdle.push(() => {
        signal.removeEventListener('abort', cut)
        resolve()
      })
    })
  }

  /** With the link. */
  end(): void {
    this.#pull.end()
    this.#desk.leave(this)
    this.#giveBack()
  }

  fail(error: Error): void {
    this.#pull.fail(error)
    this.#desk.leave(this)
    this.#giveBack()
  }

  tick(): void {
    if (this.#desk.gate.isOpen) this.#pull.tick()
  }

  revive(): void {
    if (this.#pull.waiting) this.#desk.gate.wake(this.#desk)
  }

  /** The desk gives it this one. */
  hold(claim: Claim): void {
    this.#unsettled.add(claim)
    this.#bytes += claim.job.entry.size
    this.#fresh.push(claim)
  }

  /** What was given since the last call. */
  handOver(): readonly Claim[] {
    const fresh = this.#fresh
    if (fresh.length > 0) this.#fresh = []
    return fresh
  }

  offer(batch: Batch): void {
    this.#pull.offer(batch)
  }

  /** Settled or lost: its slot is free. */
  forget(claim: Claim): void {
    if (!this.#unsettled.delete(claim)) return
    this.#bytes -= claim.job.entry.size
    if (this.#pull.over && this.#unsettled.size === 0) this.#leave()
    else this.revive()
  }

  /** Youngest first, so that each finds its place in line at once. */
  #giveBack(): void {
    for (const claim of [...this.#unsettled].reverse()) claim.lose()
    this.#unsettled.clear()
    this.#bytes = 0
    this.#leave()
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#plan.leave(this)
    for (const done of this.#whenIdle.splice(0)) done()
  }
}

import { keyOf, type Outbox } from '../departure/outbox.js'
import type { SessionChange } from '../session/listeners.js'
import { healthOf } from '../session/site-view.js'
import type { BareClient } from './api.js'
import { type Context, contextOf } from './context.js'
import { RAMP_STEP_MS, shareAfter } from './ramp.js'

/** Each client begins somewhere in the first 10 s, so that not all come at once. */
const JITTER_MS = 10_000

/**
 * Brings lanes back to the sites that their routes prefer, now, whatever the option `failback` says. Each lane waits for what it
 * has on its way and loses nothing.
 */
export function failback(client: BareClient): void {
  const { departures, sessions } = contextOf(client)
  for (const outbox of departures?.outboxes.values() ?? [])
    for (const session of sessions.values()) if (isTrusted(session.state)) outbox.comeHome(session.site, 1)
}

/** The returns of one client, each under way until all its lanes are home or the site is lost again. */
export class Failback {
  readonly #context: Context
  readonly #outboxes: ReadonlyMap<string, Outbox>
  readonly #ramps = new Map<string, () => void>()

  constructor(context: Context, outboxes: ReadonlyMap<string, Outbox>) {
    this.#context = context
    this.#outboxes = outboxes
  }

  /** A site came up or was lost, is trusted again or not; a channel there may be used, perhaps again. */
  follow(site: string, change: SessionChange): void {
    const isAuto = this.#context.failback === 'auto'
    if ('channel' in change) {
      const { channel, ill } = change
      // What left when it was ill belongs there still. A return that is under way has it with it.
      if (!isAuto || ill || this.#ramps.has(site) || !isTrusted(this.#context.session(site).state)) return
      if (this.#outboxes.get(keyOf(channel))?.misses(site)) this.#begin(site, true)
    } else if (!isTrusted(change.to)) this.#stop(site)
    else if (!isTrusted(change.from) && isAuto) this.#begin(site, change.from.at === 'up')
  }

  /** A lane was refused at a site that is trusted, and left. It belongs there still, though perhaps nothing is ever taken for ill. */
  refused(site: string): void {
    if (this.#context.failback === 'auto' && !this.#ramps.has(site)) this.#begin(site, true)
  }

  close(): void {
    for (const site of [...this.#ramps.keys()]) this.#stop(site)
  }

  #stop(site: string): void {
    this.#ramps.get(site)?.()
    this.#ramps.delete(site)
  }

  /** A site that had to prove itself gets its work back bit by bit; one that was never lost gets what is its own at once. */
  #begin(site: string, isReturn: boolean): void {
    const { runtime } = this.#context
    if (isReturn) this.#in(site, runtime.random() * JITTER_MS, () => this.#step(site, 0))
    else this.#bring(site, 1)
  }

  #step(site: string, at: number): void {
    this.#bring(site, shareAfter(at) ?? 1)
    if (shareAfter(at + 1) !== undefined) this.#in(site, RAMP_STEP_MS, () => this.#step(site, at + 1))
    else this.#ramps.delete(site)
  }

  #in(site: string, ms: number, work: () => void): void {
    this.#ramps.set(site, this.#context.runtime.after(ms, work))
  }

  #bring(site: string, share: number): void {
    for (const outbox of this.#outboxes.values()) outbox.comeHome(site, share)
  }
}

function isTrusted(state: Extract<SessionChange, { readonly from: unknown }>['to']): boolean {
  return healthOf(state) === 'up'
}

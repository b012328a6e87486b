import type { Outbox } from '../departure/outbox.js'
import type { SessionChange } from '../session/listeners.js'
import { isLeft, linkOf } from '../session/state.js'
import type { Context } from './context.js'
import type { Departures } from './departures.js'

/** So long a second connection may take before the first one's silence is believed, and so many round trips where that is more. */
const SECOND_MS = 100
const SECOND_TRIPS = 5

/** Makes the sites ready that come next and, when they are kept warm, moves lanes there while the one before is still in doubt. */
export class Standby {
  readonly #context: Context
  readonly #outboxes: ReadonlyMap<string, Outbox>
  /** How many lanes left a site. */
  readonly #left: ReadonlyMap<string, number>
  /** Takes the move back. */
  readonly #doubts = new Map<string, () => void>()

  constructor(context: Context, { left, outboxes }: Pick<Departures, 'left' | 'outboxes'>) {
    this.#context = context
    this.#outboxes = outboxes
    this.#left = left
  }

  follow(site: string, change: SessionChange): void {
    const isWarm = this.#context.standby === 'warm'
    if ('channel' in change) {
      if (isWarm) this.#retry()
      return
    }
    const { from, to } = change
    if (to.at === 'suspect' && from.at !== 'suspect') {
      this.#ready(site)
      if (isWarm) this.#doubt(site, Math.max(SECOND_MS, SECOND_TRIPS * to.rttMs))
    } else if (to.at !== 'suspect') this.#calm(site)
    // A new link has no channels yet.
    if (isWarm && 'link' in to && linkOf(to) !== linkOf(from))
      for (const home of this.#context.sessions.keys()) this.#ready(home)
  }

  close(): void {
    for (const site of [...this.#doubts.keys()]) this.#calm(site)
  }

  #ready(site: string): void {
    for (const outbox of this.#outboxes.values()) outbox.warm(site)
  }

  #doubt(site: string, ms: number): void {
    const { runtime } = this.#context
    this.#doubts.set(
      site,
      // As with every verdict, what lies in the sockets is read first (R36).
      runtime.after(ms, () => runtime.turn(() => runtime.turn(() => this.#evade(site)))),
    )
  }

  #calm(site: string): void {
    this.#doubts.get(site)?.()
    this.#doubts.delete(site)
  }

  /** A channel opened: lanes that found none when their site was left go there now. */
  #retry(): void {
    for (const { site, state } of this.#context.sessions.values()) if (isLeft(state)) this.#evade(site)
  }

  #evade(site: string): void {
    const session = this.#context.session(site)
    const { state } = session
    if (!this.#doubts.has(site) || state.at !== 'suspect' || state.spare) return
    const before = this.#left.get(site)
    for (const outbox of this.#outboxes.values()) outbox.evade(site)
    if (this.#left.get(site) !== before) session.left()
  }
}

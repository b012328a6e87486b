import type { ChannelSpec } from '@spanwire/driver'
import { SETTLED } from '../runtime/deferred.js'
import { linkOf, type SessionState } from './state.js'

export type SessionChange =
  /** `from.at` equals `to.at` when only figures changed (`rttMs`) or a dial was started over. `reason` is for operators. */
  | { readonly from: SessionState; readonly to: SessionState; readonly reason: string }
  /** This channel was opened, was refused, or may be tried again. `ill`: its sends do not get through. */
  | { readonly channel: ChannelSpec; readonly ill: boolean }

export type Listener = (change: SessionChange) => void

/** Who is told, and nobody else's: a place of its own. */
export interface Hearer {
  hear(change: SessionChange): void
}

/** Who hears of a session's changes: in order, in a microtask of their own. */
export class Listeners {
  /** By the name of the channel that they are about, for thousands may be, and most of what happens is not theirs; `undefined`: about all. */
  readonly #byChannel = new Map<string | undefined, Set<Hearer>>()
  readonly #news: SessionChange[] = []

  /** With a channel: for what is of it, and of the state or the link. The result removes the listener. */
  add(listener: Listener, channel: string | undefined): () => void {
    const own = { hear: listener }
    this.join(own, channel)
    return () => this.leave(own, channel)
  }

  /** The same for one that is its own only, until it leaves: thousands of them take no more than their places here. */
  join(hearer: Hearer, channel: string | undefined): void {
    const hearers = this.#byChannel.get(channel) ?? new Set()
    this.#byChannel.set(channel, hearers.add(hearer))
  }

  leave(hearer: Hearer, channel: string | undefined): void {
    const hearers = this.#byChannel.get(channel)
    hearers?.delete(hearer)
    if (hearers?.size === 0) this.#byChannel.delete(channel)
  }

  tell(change: SessionChange): void {
    if (this.#news.push(change) === 1) void SETTLED.then(this.#publish)
  }

  readonly #publish = (): void => {
    for (const change of this.#news.splice(0)) {
      this.#pass(change, undefined)
      if ('channel' in change) this.#pass(change, change.channel.name)
      else if (change.from.at !== change.to.at || linkOf(change.from) !== linkOf(change.to))
        for (const channel of this.#byChannel.keys()) if (channel) this.#pass(change, channel)
    }
  }

  #pass(change: SessionChange, channel: string | undefined): void {
    for (const hearer of this.#byChannel.get(channel) ?? []) hearer.hear(change)
  }
}

import type { ChannelSpec } from '@spanwire/driver'
import { linkOf, type SessionState } from './state.js'

export type SessionChange =
  /** `from.at` equals `to.at` when only figures changed (`rttMs`) or a dial was started over. `reason` is for operators. */
  | { readonly from: SessionState; readonly to: SessionState; readonly reason: string }
  /** This channel was opened, was refused, or may be tried again. `ill`: its sends do not get through. */
  | { readonly channel: ChannelSpec; readonly ill: boolean }

const SETTLED: Promise<void> = Promise.resolve()

export type Listener = (change: SessionChange) => void

/** Who hears of a session's changes: in order, in a microtask of their own. */
export class Listeners {
  readonly #all = new Set<Listener>()
  /** By the name of the channel that they are about: thousands may be, and most of what happens is not theirs. */
  readonly #byChannel = new Map<string, Set<Listener>>()
  readonly #news: SessionChange[] = []

  /** With a channel: for what is of it, and of the state or the link. The result removes the listener. */
  add(listener: Listener, channel: string | undefined): () => void {
    const own: Listener = (change) => listener(change)
    this.join(own, channel)
    return () => this.leave(own, channel)
  }

  /** The same for one that is its own only, until it leaves: thousands of them take no more than their places here. */
  join(listener: Listener, channel: string | undefined): void {
    const listeners = channel === undefined ? this.#all : this.#about(channel)
    listeners.add(listener)
  }

  leave(listener: Listener, channel: string | undefined): void {
    if (channel === undefined) this.#all.delete(listener)
    else if (this.#byChannel.get(channel)?.delete(listener) && this.#byChannel.get(channel)?.size === 0)
      this.#byChannel.delete(channel)
  }

  tell(change: SessionChange): void {
    // Not queueMicrotask: Node makes a resource to be traced for each.
    if (this.#news.push(change) === 1) void SETTLED.then(this.#publish)
  }

  #about(channel: string): Set<Listener> {
    const known = this.#byChannel.get(channel) ?? new Set()
    this.#byChannel.set(channel, known)
    return known
  }

  readonly #publish = (): void => {
    for (const change of this.#news.splice(0)) {
      for (const listener of this.#all) listener(change)
      if ('channel' in change) for (const listener of this.#byChannel.get(change.channel.name) ?? []) listener(change)
      else if (change.from.at !== change.to.at || linkOf(change.from) !== linkOf(change.to))
        for (const listeners of this.#byChannel.values()) for (const listener of listeners) listener(change)
    }
  }
}

import type { Client, SiteState, Status } from '@spanwire/core'
import type { Events } from './events.js'
import type { Later } from './flush.js'
import { type Hold, shared } from './shared.js'

/**
 * The connection in one word. `connected`: every site that takes part is up. `degraded`: some site is, but not all, or the
 * browser says that it is offline. `connecting`: none yet. `reconnecting`: none any more. `offline`: none, and the browser
 * says why. `idle`: nothing asked for a connection yet. `closed`: the client is.
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'degraded' | 'reconnecting' | 'offline' | 'closed'

/** The same object until a site changes its state. */
export interface Connection {
  readonly state: ConnectionState
  readonly sites: Status['sites']
}

export const NO_CONNECTION: Connection = Object.freeze({ state: 'idle', sites: Object.freeze([]) })

/** Pure. `before`: the state until now, which tells a first dial from a lost link. Sites that nothing needs yet are idle and do not count. */
export function connectionState(all: readonly SiteState[], online: boolean, before: ConnectionState): ConnectionState {
  const sites = all.filter((state) => state !== 'idle')
  if (sites.length === 0) return 'idle'
  if (sites.every((state) => state === 'closed')) return 'closed'
  if (sites.some(isUp)) return online && sites.every((state) => state === 'up') ? 'connected' : 'degraded'
  if (!online) return 'offline'
  return before === 'idle' || before === 'connecting' ? 'connecting' : 'reconnecting'
}

const isUp = (state: SiteState): boolean => state === 'up' || state === 'suspect' || state === 'draining'

/** The connection as the page knows it: read anew when a site moves or the browser goes on- or offline. */
export class ConnectionView {
  #value: Connection = NO_CONNECTION
  readonly #client: () => Client
  readonly #later: Later
  readonly #hold: Hold
  readonly #listeners = new Set<() => void>()

  constructor(client: () => Client, events: Events, later: Later) {
    this.#client = client
    this.#later = later
    this.#hold = shared(() => {
      const soon = (): void => this.#later(this.#read)
      const quiet = events.listen((event) => event.type === 'site' && soon())
      globalThis.addEventListener?.('online', soon)
      globalThis.addEventListener?.('offline', soon)
      this.#read()
      return () => {
        quiet()
        globalThis.removeEventListener?.('online', soon)
        globalThis.removeEventListener?.('offline', soon)
      }
    })
  }

  /** The same object until something changed. */
  readonly read = (): Connection => this.#value

  readonly listen = (listener: () => void): (() => void) => {
    const letGo = this.#hold()
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      letGo()
    }
  }

  readonly #read = (): void => {
    const { sites } = this.#client().status()
    const state = connectionState(
      sites.map((site) => site.state),
      globalThis.navigator?.onLine !== false,
      this.#value.state,
    )
    this.#value = Object.freeze({ state, sites })
    for (const listener of this.#listeners) listener()
  }
}

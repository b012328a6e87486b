import { type SiteState, type Status, status } from '@spanwire/core'
import { createEvents } from './events.js'
import { createAudience, shared } from './shared.js'
import type { Store } from './store.js'

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

export const NO_CONNECTION: Connection = { state: 'idle', sites: [] }

/** Pure. `before`: the state until now, which tells a first dial from a lost link. Sites that nothing needs yet are idle and do not count. */
export function connectionState(all: readonly SiteState[], online: boolean, before: ConnectionState): ConnectionState {
  const sites = all.filter((state) => state !== 'idle')
  const only = (state: SiteState): boolean => sites.every((at) => at === state)
  if (only('idle')) return 'idle'
  if (only('closed')) return 'closed'
  if (/up|suspect|draining/.test(sites.join())) return online && only('up') ? 'connected' : 'degraded'
  if (!online) return 'offline'
  return before === 'idle' || before === 'connecting' ? 'connecting' : 'reconnecting'
}

/** The connection as the page knows it: read anew when a site moves or the browser goes on- or offline. */
export interface ConnectionView {
  /** The same object until something changed. */
  readonly read: () => Connection
  readonly listen: (listener: () => void) => () => void
}

export function viewConnection(store: Store): ConnectionView {
  let value = NO_CONNECTION
  const look = (): void => {
    const { sites } = status(store.client())
    const online = globalThis.navigator?.onLine !== false
    const state = connectionState(
      sites.map((site) => site.state),
      online,
      value.state,
    )
    value = { state, sites }
    for (const listener of listeners) listener()
  }
  const soon = (): void => store.later(look)
  const { listeners, listen } = createAudience<() => void>(
    shared(() => {
      const quiet = store.part(createEvents).listen({ take: (event) => event.type === 'site' && soon(), changed: soon })
      for (const name of NETWORK) globalThis.addEventListener?.(name, soon)
      look()
      return () => {
        quiet()
        for (const name of NETWORK) globalThis.removeEventListener?.(name, soon)
      }
    }),
  )
  return { read: () => value, listen }
}

const NETWORK = ['online', 'offline'] as const

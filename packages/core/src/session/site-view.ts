import type { Location, SiteView } from '../route/picture.js'
import type { Session } from './session.js'
import { isOurs, type SessionState } from './state.js'

/** What routing sees of a session. */
export function viewOf(
  session: Session,
  site: { readonly location: Location; readonly mode?: SiteView['mode'] },
): SiteView {
  const { state } = session
  return Object.freeze({
    name: session.site,
    location: site.location,
    mode: site.mode ?? 'active',
    health: healthOf(state),
    rttMs: 'rttMs' in state ? state.rttMs : undefined,
    inflight: session.inflight,
  })
}

/** What routing sees of a state. */
export function healthOf(state: SessionState): SiteView['health'] {
  switch (state.at) {
    case 'idle':
      return 'unknown'
    case 'dialing':
      // Trying again proves nothing yet: what ended the time before still holds.
      if (!state.cause) return 'unknown'
      return isOurs(state.cause) ? 'disabled' : 'down'
    case 'waiting':
      // Refused while it was up: it is not down, and comes back as soon as we have better credentials.
      return isOurs(state.cause) ? 'disabled' : 'down'
    case 'closed':
      return 'down'
    case 'up':
      return state.proving ? 'proving' : 'up'
    case 'draining':
      // It stays, on another link.
      if (state.moving) return state.proving ? 'proving' : 'up'
      return state.at
    case 'suspect':
    case 'disabled':
      return state.at
    default:
      return state satisfies never
  }
}

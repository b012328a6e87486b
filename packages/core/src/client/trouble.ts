import type { Session } from '../session/session.js'
import { isLeft, type Outage } from '../session/state.js'

/**
 * How a site is, as the end of a sentence that begins with its name: since when, why, and what comes next. Absent: all is well.
 * `now`: Runtime ms.
 */
export function troubleOf({ state }: Pick<Session, 'state'>, now: number): string | undefined {
  const ago = (at: number): string => `${seconds(now - at)} ago`
  switch (state.at) {
    case 'up':
      if (!state.proving) return undefined
      return `is back since ${seconds(now - state.since)} and has to last ${seconds(state.proving.until - now)} more before its work returns`
    case 'suspect':
      return `is suspect${isLeft(state) ? ' and left' : ''}: last heard ${ago(state.silentSince)}`
    case 'draining':
      return `is draining${state.moving ? ', another endpoint is being dialed' : ''}: ${state.notice.reason}`
    case 'dialing':
      return state.cause ? `is being dialed again${lost(state, ago)}: ${state.cause.message}` : 'is being dialed'
    case 'waiting':
      return `is down${lost(state, ago)}: ${state.cause.message} Dialed again in ${seconds(state.retryAt - now)}`
    case 'disabled':
      return `is disabled: ${state.cause.message} Asked again in ${seconds(state.retryAt - now)}`
    case 'idle':
      return 'is not dialed'
    case 'closed':
      return 'is closed'
    default:
      return state satisfies never
  }
}

function lost({ outage }: { readonly outage?: Outage }, ago: (at: number) => string): string {
  return outage ? ` (first sign ${ago(outage.firstSign)}, detected ${ago(outage.detected)})` : ''
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
}

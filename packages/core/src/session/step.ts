import type { MessagingError } from '@spanwire/driver'
import { backoffMs, slowMs } from './backoff.js'
import { isRefusal, type Outage, type SessionEvent, type SessionState, type Spare } from './state.js'

/** A link that lasted so long starts the count of attempts over; one that is accepted and dropped again does not. */
export const STABLE_MS = 30_000
/** A dial younger than this is not started over by an impatient `retry`. */
const FRESH_MS = 1_000

type At<Name extends SessionState['at']> = Extract<SessionState, { readonly at: Name }>

/** What a session becomes. Pure; an event that means nothing in a state returns that very state. */
export function step(state: SessionState, event: SessionEvent): SessionState {
  if (event.on === 'close') return state.at === 'closed' ? state : { at: 'closed' }
  // Left as planned: nothing failed, so nothing is remembered.
  if (event.on === 'suspend') return state.at === 'closed' || state.at === 'idle' ? state : { at: 'idle' }
  switch (state.at) {
    case 'idle':
      return event.on === 'start' ? { at: 'dialing', attempt: 1, since: event.at } : state
    case 'dialing':
      return fromDialing(state, event)
    case 'up':
    case 'suspect':
    case 'draining':
      return fromLink(state, event)
    case 'waiting':
    case 'disabled':
      if (event.on !== 'retry') return state
      return { at: 'dialing', attempt: state.attempt + 1, since: event.at, cause: state.cause, ...lost(state) }
    case 'closed':
      return state
    default:
      return state satisfies never
  }
}

function fromDialing(state: At<'dialing'>, event: SessionEvent): SessionState {
  const { attempt } = state
  if (event.on === 'connected') {
    const { link, endpoint, at, rttMs } = event
    return { at: 'up', attempt, link, endpoint, since: at, rttMs }
  }
  if (event.on === 'failed') {
    const waiting = { ...wait(attempt, event), ...lost(state) }
    return isRefusal(event.error) ? { ...waiting, at: 'disabled', retryAt: event.at + slowMs(event.chance) } : waiting
  }
  // The network may have changed under a dial into the void.
  if (event.on === 'retry' && event.at - state.since >= FRESH_MS) return { ...state, since: event.at }
  return state
}

function fromLink(state: At<'up' | 'suspect' | 'draining'>, event: SessionEvent): SessionState {
  const { link, endpoint, since, rttMs, attempt } = state
  const connected = { link, endpoint, since, rttMs, attempt }
  if (event.on === 'lost') {
    // Only this connection is dead, the site is not: nothing moves.
    if (state.at === 'suspect' && state.spare) return { at: 'up', attempt, since: event.at, ...state.spare }
    const firstSign = state.at === 'suspect' ? state.silentSince : (event.silentSince ?? event.at)
    const outage = { firstSign, detected: event.at }
    // Whatever ended it, dialing finds out what holds now: expired credentials are fetched anew, a drained site has other endpoints.
    return { ...wait(event.at - since >= STABLE_MS ? 0 : attempt, event), outage }
  }
  if (event.on === 'drain') return { at: 'draining', notice: event.notice, ...connected }
  if (event.on === 'measured') return { ...state, rttMs: event.rttMs }
  if (event.on === 'silent' && state.at === 'up') return { at: 'suspect', silentSince: event.since, ...connected }
  if (event.on === 'heard' && state.at === 'suspect') return { at: 'up', ...connected }
  if (event.on === 'spare' && state.at === 'suspect') return suspect(state, event.spare)
  return state
}

function suspect({ spare: _, ...rest }: At<'suspect'>, spare: Spare | undefined): At<'suspect'> {
  return spare ? { ...rest, spare } : rest
}

/** What is remembered of the outage that a site is in. */
function lost({ outage }: { readonly outage?: Outage }): { readonly outage?: Outage } {
  return outage ? { outage } : {}
}

function wait(
  attempt: number,
  { at, error, chance }: { readonly at: number; readonly error: MessagingError; readonly chance: number },
): At<'waiting' | 'disabled'> {
  return {
    at: 'waiting',
    attempt,
    since: at,
    retryAt: at + backoffMs(attempt, chance, error.retryAfterMs),
    cause: error,
  }
}

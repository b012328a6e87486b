import type { MessagingError } from '@spanwire/driver'
import { backoffMs, slowMs } from './backoff.js'
import { isRefusal, type SessionEvent, type SessionState } from './state.js'

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
      return { at: 'dialing', attempt: state.attempt + 1, since: event.at, cause: state.cause }
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
    const waiting = wait(attempt, event)
    return isRefusal(event.error) ? { ...waiting, at: 'disabled', retryAt: event.at + slowMs(event.chance) } : waiting
  }
  // The network may have changed under a dial into the void.
  if (event.on === 'retry' && event.at - state.since >= FRESH_MS) return { ...state, since: event.at }
  return state
}

function fromLink(state: At<'up' | 'suspect' | 'draining'>, event: SessionEvent): SessionState {
  const { link, endpoint, since, rttMs, attempt } = state
  const connected = { link, endpoint, since, rttMs, attempt }
  // Whatever ended it, dialing finds out what holds now: expired credentials are fetched anew, a drained site has other endpoints.
  if (event.on === 'lost') return wait(event.at - since >= STABLE_MS ? 0 : attempt, event)
  if (event.on === 'drain') return { at: 'draining', notice: event.notice, ...connected }
  if (event.on === 'measured') return { ...state, rttMs: event.rttMs }
  if (event.on === 'silent' && state.at === 'up') return { at: 'suspect', silentSince: event.at, ...connected }
  if (event.on === 'heard' && state.at === 'suspect') return { at: 'up', ...connected }
  return state
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

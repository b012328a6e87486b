import type { MessagingError } from '@spanwire/driver'
import { backoffMs, slowMs } from './backoff.js'
import { isRefusal, type SessionEvent, type SessionState } from './state.js'

/** A link that lasted so long starts the count of attempts over; one that is accepted and dropped again does not. */
export const STABLE_MS = 30_000
/** A dial younger than this is not started over by an impatient `retry`. */
export const FRESH_MS = 1_000

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
  switch (event.on) {
    case 'connected':
      return { at: 'up', attempt, link: event.link, endpoint: event.endpoint, since: event.at, rttMs: event.rttMs }
    case 'failed':
      if (!isRefusal(event.error)) return wait(attempt, event)
      return { ...wait(attempt, event), at: 'disabled', retryAt: event.at + slowMs(event.chance) }
    case 'retry':
      // The network may have changed under a dial into the void.
      return event.at - state.since < FRESH_MS ? state : { ...state, since: event.at }
    default:
      return state
  }
}

function fromLink(state: At<'up' | 'suspect' | 'draining'>, event: SessionEvent): SessionState {
  const { link, endpoint, since, rttMs, attempt } = state
  const connected = { link, endpoint, since, rttMs, attempt }
  switch (event.on) {
    case 'measured':
      return { ...state, rttMs: event.rttMs }
    case 'silent':
      return state.at === 'up' ? { at: 'suspect', silentSince: event.at, ...connected } : state
    case 'heard':
      return state.at === 'suspect' ? { at: 'up', ...connected } : state
    case 'drain':
      return { at: 'draining', notice: event.notice, ...connected }
    case 'lost':
      // Whatever ended it, dialing finds out what holds now: expired credentials are fetched anew, a drained site has other endpoints.
      return wait(event.at - since >= STABLE_MS ? 0 : attempt, event)
    default:
      return state
  }
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

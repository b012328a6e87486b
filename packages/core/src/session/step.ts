import type { MessagingError } from '@spanwire/driver'
import { AWAITED_CAP_MS, backoffMs, holdMs, slowMs } from './backoff.js'
import {
  type Connected,
  isLeft,
  isOurs,
  isRefusal,
  type Outage,
  type Proving,
  type SessionEvent,
  type SessionState,
  type Spare,
} from './state.js'

/** A link that lasted so long starts the count of attempts over; one that is accepted and dropped again does not. */
export const STABLE_MS = 30_000
/** After so long without an outage the next one counts as the first. */
const FORGIVEN_MS = 900_000
/** So many answers in a row make a site that came back worth trusting. */
const PROOFS = 3
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
      if (event.on === 'awaited') return awaited(state, event)
      if (event.on !== 'retry') return state
      return { at: 'dialing', attempt: state.attempt + 1, since: event.at, cause: state.cause, ...lost(state) }
    case 'closed':
      return state
    default:
      return state satisfies never
  }
}

/** An engine that asked for patience gets it all the same. */
function awaited(
  state: At<'waiting' | 'disabled'>,
  { at, chance }: Extract<SessionEvent, { readonly on: 'awaited' }>,
): SessionState {
  const from = Math.max(at, state.since + (state.cause.retryAfterMs ?? 0))
  const isLong = state.at === 'waiting' && state.retryAt > from + AWAITED_CAP_MS
  return isLong ? { ...state, retryAt: from + chance * AWAITED_CAP_MS } : state
}

function fromDialing(state: At<'dialing'>, event: SessionEvent): SessionState {
  const { attempt } = state
  if (event.on === 'connected') {
    const { link, endpoint, at, rttMs } = event
    const up = { at: 'up', attempt, link, endpoint, since: at, rttMs } as const
    const { outage } = state
    return outage ? { ...up, outage, proving: { until: at + holdMs(outage.count), good: 0 } } : up
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
  switch (event.on) {
    case 'lost':
      return fromLoss(state, event)
    case 'drain':
      return { at: 'draining', notice: event.notice, ...(event.moving && { moving: true }), ...connected(state) }
    case 'connected':
      return state.at === 'draining' && state.moving ? movedOn(state, event) : state
    case 'failed':
      return state.at === 'draining' && state.moving
        ? { ...connected(state), at: 'draining', notice: state.notice }
        : state
    case 'measured':
      return { ...state, rttMs: event.rttMs }
    case 'proved':
      return state.at === 'up' && state.proving ? proved(state, state.proving, event.at) : state
    case 'silent':
      return state.at === 'up' ? { at: 'suspect', silentSince: event.since, ...connected(state) } : state
    case 'heard':
      if (state.at !== 'suspect') return state
      return { at: 'up', ...connected(state), ...(isLeft(state) && afterLeaving(state, event.at)) }
    case 'left':
      return state.at === 'suspect' && !state.spare && !state.leftAt ? { ...state, leftAt: event.at } : state
    case 'spare':
      return state.at === 'suspect' ? suspect(state, event.spare) : state
    default:
      return state
  }
}

function fromLoss(
  state: At<'up' | 'suspect' | 'draining'>,
  event: Extract<SessionEvent, { readonly on: 'lost' }>,
): SessionState {
  const { attempt, since } = state
  const { at } = event
  // Only this connection is dead, the site is not: nothing moves.
  if (state.at === 'suspect' && state.spare) {
    const up = { ...connected(state), at: 'up', since: at, ...state.spare } as const
    return isLeft(state) ? { ...up, ...afterLeaving(state, at) } : up
  }
  // Whatever ended it, dialing finds out what holds now: expired credentials are fetched anew, a drained site has other endpoints.
  const waiting = wait(at - since >= STABLE_MS ? 0 : attempt, event)
  if (event.isOurs || isOurs(event.error)) return { ...waiting, ...lost(state) }
  if (state.at === 'suspect') return { ...waiting, outage: outageOf(state, at) }
  // Who says that he leaves is no less reliable for it.
  const count = state.at === 'draining' ? Math.max(1, counted(state, at)) : counted(state, at) + 1
  return { ...waiting, outage: { firstSign: event.silentSince ?? at, detected: at, count } }
}

function outageOf(state: At<'suspect'>, at: number): Outage {
  return { firstSign: state.silentSince, detected: state.leftAt ?? at, count: counted(state, at) + 1 }
}

/** Another endpoint of the site has taken over: nothing was lost. */
function movedOn(
  state: At<'draining'>,
  { at, endpoint, link, rttMs }: Extract<SessionEvent, { readonly on: 'connected' }>,
): SessionState {
  return { ...connected(state), at: 'up', since: at, link, endpoint, rttMs }
}

/** Outages before this one that still count. */
function counted({ outage, since }: Connected, at: number): number {
  return outage && at - since < FORGIVEN_MS ? outage.count : 0
}

/** It was left though its link never ended: it has to prove itself as one that was lost. */
function afterLeaving(state: At<'suspect'>, at: number): Required<Pick<Connected, 'since' | 'outage' | 'proving'>> {
  const outage = outageOf(state, at)
  return { since: at, outage, proving: { until: at + holdMs(outage.count), good: 0 } }
}

/** What stays when the state of a link changes; who has to prove himself starts anew. */
function connected({ link, endpoint, since, rttMs, attempt, outage, proving }: Connected): Connected {
  return {
    link,
    endpoint,
    since,
    rttMs,
    attempt,
    ...(outage && { outage }),
    ...(proving && { proving: { ...proving, good: 0 } }),
  }
}

function proved(state: At<'up'>, { good, until }: Proving, at: number): SessionState {
  const { proving: _, ...trusted } = state
  if (good + 1 >= PROOFS && at >= until) return { ...trusted, trustedAt: at }
  // Only time is missing now, and nobody has to hear of each probe.
  return good === PROOFS ? state : { ...trusted, proving: { until, good: good + 1 } }
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

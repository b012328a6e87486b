import type { DrainNotice, Endpoint, Link, MessagingError } from '@spanwire/driver'

/** What is known of a live link. */
export interface Connected {
  readonly link: Link
  readonly endpoint: Endpoint
  /** Runtime ms at which it came up. */
  readonly since: number
  readonly rttMs: number
  /** Number of the dial that made it. Counts on until a link has lasted. */
  readonly attempt: number
  /** The last one of the site; absent: it was never lost. */
  readonly outage?: Outage
  /** Absent: the site is trusted. */
  readonly proving?: Proving
}

/** A site that came back is used where no other will do, and gets its work back when it has answered and lasted. */
export interface Proving {
  /** Runtime ms, before which it is not trusted. */
  readonly until: number
  /** Probes answered in a row. */
  readonly good: number
}

/** A second link to the same site, ready to take over. */
export interface Spare {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly rttMs: number
}

/** How a site was lost. Runtime ms. */
export interface Outage {
  /** The silence, or the end of the link, that it began with. */
  readonly firstSign: number
  readonly detected: number
  /** 1 for the first, and for one after a quarter of an hour without. */
  readonly count: number
}

/**
 * One site's session. Times are Runtime ms. `attempt` numbers dials since the last link that lasted, 1 for the first.
 *
 * - `idle`: nobody asked for the site yet. Leaves by start.
 * - `dialing`: a race over the endpoints is under way; `cause` is what ended the time before.
 * - `up`: the link works.
 * - `suspect`: nothing was heard for a while; still used, while the site is tried over a second link and the next one made ready.
 * - `draining`: the engine asked us to leave; the link is used until it ends, or until one to another endpoint has taken its place.
 * - `waiting`: no link; dials again at `retryAt`.
 * - `disabled`: credentials or certificates were refused. Dials again, slowly, because providers change their mind.
 * - `closed`: by us, for good.
 */
export type SessionState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'dialing'
      readonly attempt: number
      readonly since: number
      readonly cause?: MessagingError
      readonly outage?: Outage
    }
  /** `trustedAt`: when it had proved itself, Runtime ms; absent: it was never lost, or was in doubt since. */
  | ({ readonly at: 'up'; readonly trustedAt?: number } & Connected)
  /** `leftAt`: since then what can go elsewhere does. */
  | ({
      readonly at: 'suspect'
      readonly silentSince: number
      readonly spare?: Spare
      readonly leftAt?: number
    } & Connected)
  /** `moving`: another endpoint of the site is being dialed, and takes over when it answers. */
  | ({ readonly at: 'draining'; readonly notice: DrainNotice; readonly moving?: true } & Connected)
  | {
      readonly at: 'waiting' | 'disabled'
      readonly attempt: number
      readonly since: number
      readonly retryAt: number
      readonly cause: MessagingError
      /** Absent while it has not been up. */
      readonly outage?: Outage
    }
  | { readonly at: 'closed' }

/** What happens to a session. `at`: Runtime ms. `chance`: uniform in [0, 1), for the jitter of the wait that follows. */
export type SessionEvent =
  | { readonly on: 'start' | 'retry'; readonly at: number }
  | {
      readonly on: 'connected'
      readonly at: number
      readonly link: Link
      readonly endpoint: Endpoint
      readonly rttMs: number
    }
  /** Messages or requests wait, and this site might take them. */
  | { readonly on: 'awaited'; readonly at: number; readonly chance: number }
  /** The dial came to nothing. */
  | { readonly on: 'failed'; readonly at: number; readonly error: MessagingError; readonly chance: number }
  | { readonly on: 'measured'; readonly rttMs: number }
  /** A probe was answered. */
  | { readonly on: 'proved'; readonly at: number }
  /** Nothing arrived since then for too long, and it is not our own stall. */
  | { readonly on: 'silent'; readonly since: number }
  | { readonly on: 'heard'; readonly at: number }
  /** It is still in doubt, and work went to a site that stood ready: an outage, whatever it says later. */
  | { readonly on: 'left'; readonly at: number }
  /** A second link came through, or ended again. */
  | { readonly on: 'spare'; readonly spare: Spare | undefined }
  /** `moving`: the site has other endpoints, and one of them is being dialed. */
  | { readonly on: 'drain'; readonly notice: DrainNotice; readonly moving?: boolean }
  /** The link ended, or its silence (since then) is taken for its death. */
  | {
      readonly on: 'lost'
      readonly at: number
      readonly error: MessagingError
      readonly chance: number
      readonly silentSince?: number
      /** All sites fell silent with it: that speaks of us, and is not held against it. */
      readonly isOurs?: boolean
    }
  /** We leave for a while: a page goes into the back/forward cache. */
  | { readonly on: 'suspend' }
  | { readonly on: 'close' }

/** The second link of a state that has one. */
export function spareOf(state: SessionState): Spare | undefined {
  return state.at === 'suspect' ? state.spare : undefined
}

/** Has what can go elsewhere gone, though the link has not ended? */
export function isLeft(
  state: SessionState,
): state is SessionState & { readonly at: 'suspect'; readonly leftAt: number } {
  return state.at === 'suspect' && state.leftAt !== undefined
}

/** The link of a state that has one. */
export function linkOf(state: SessionState): Link | undefined {
  return 'link' in state ? state.link : undefined
}

/** Will asking again not help, unless somebody changes credentials, certificates or settings? What cannot be read is the site's own fault. */
export function isRefusal({ code, retryable }: MessagingError): boolean {
  return !retryable && code !== 'canceled' && code !== 'closed' && code !== 'decode'
}

/** Ours to mend, also where asking with new credentials may help: no reason to go elsewhere. */
export function isOurs(error: MessagingError): boolean {
  return isRefusal(error) || error.code === 'unauthenticated'
}

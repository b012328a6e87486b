import type { Headers, MessagingError } from '@spanwire/driver'
import type { SubscriptionStatus } from './api.js'

export type SiteState = 'idle' | 'dialing' | 'up' | 'suspect' | 'waiting' | 'draining' | 'disabled' | 'closed'

export interface Status {
  readonly generation: number
  readonly sites: readonly {
    readonly name: string
    readonly engine: string
    readonly state: SiteState
    readonly since: number
    readonly endpoint: string | undefined
    readonly attempt: number
    readonly rttMs: number | undefined
    /** How it is, since when and why, as the end of a sentence that begins with its name; absent: all is well. */
    readonly trouble: string | undefined
    /** The outage that it is in, or had last. Unix ms; `count`: of those within a quarter of an hour of each other. */
    readonly outage: { readonly firstSignAt: number; readonly detectedAt: number; readonly count: number } | undefined
    readonly error: { readonly code: string; readonly message: string } | undefined
  }[]
  readonly outbox: { readonly messages: number; readonly bytes: number }
  /** What could be offered again now, and how far back that reaches. `cut`: the bound in bytes shortened it. */
  readonly retained: {
    readonly messages: number
    readonly bytes: number
    readonly spanMs: number
    readonly cut: boolean
  }
  readonly subscriptions: readonly ({ readonly channel: string } & SubscriptionStatus)[]
  /**
   * Sites that have no channel for what publishers say of a topic's messages, and why: of what is missing at its end nobody
   * hears there, and a refused message leaves a hole that is waited for (R6).
   */
  readonly unmarked: readonly { readonly topic: string; readonly site: string; readonly reason: string }[]
}

/**
 * What the loss of a site came to: told 10 s after the site was back, 90 s after the loss if it was not, at its next loss, or
 * when the client closes. Times are Unix ms.
 */
export interface FailoverRecord {
  readonly site: string
  readonly reason: string
  /** When its silence began, or its link ended. */
  readonly firstSignAt: number
  /** When it was taken for lost. */
  readonly detectedAt: number
  /** How many lanes went elsewhere, and when the last of them did; absent: none had to. */
  readonly lanes: number
  readonly switchedAt: number | undefined
  /** When a link to it was up again; absent: not so far. */
  readonly backAt: number | undefined
  /** The first message that any site gave to any of the reads since it was in doubt; absent: there was none. */
  readonly firstMessageAt: number | undefined
  /** Sums over all reads, also those that are not named. */
  readonly received: number
  readonly replayed: number
  readonly duplicates: number
  readonly missing: number
  /** Each subscription, table, worker and responder that listened there; 100 at most. */
  readonly reads: readonly Read[]
  /** How many more there were. */
  readonly unnamed: number
}

/** What one of those that listened at a lost site had from all sites since it was suspect, or lost without that. */
export interface Read {
  readonly channel: string
  readonly kind: 'topic' | 'queue' | 'rpc'
  readonly firstMessageAt: number | undefined
  readonly received: number
  /** Of these, sent or offered again, or given by the lost site itself though stamped before the loss was noticed. */
  readonly replayed: number
  /** Of these, seen before and swallowed. */
  readonly duplicates: number
  /** Messages reported missing since then that have not come. */
  readonly missing: number
}

/** What happened, for logs, pages and operators. `at`: Unix ms. */
export type ClientEvent = { readonly at: number } & (
  | {
      readonly type: 'site'
      readonly site: string
      readonly from: SiteState
      readonly to: SiteState
      readonly reason: string
    }
  /**
   * A site was lost and what ran there goes elsewhere; told at once. `firstSignAt`: when its silence began, or its link
   * ended; `detectedAt`: when it was taken for lost. Unix ms. `lanes`: how many moved at that moment.
   */
  | {
      readonly type: 'failover'
      readonly site: string
      readonly reason: string
      readonly firstSignAt: number
      readonly detectedAt: number
      readonly lanes: number
    }
  /** What the loss of a site came to: one for each `failover`, told when it is over. */
  | ({ readonly type: 'failover-record' } & FailoverRecord)
  /** A lane (or all of a channel's) goes to another site now. `ms`: since the first sign of the fault. */
  | {
      readonly type: 'moved'
      readonly channel: string
      readonly from: string
      readonly to: string
      readonly reason: string
      readonly ms: number
    }
  | {
      readonly type: 'gap'
      readonly channel: string
      readonly source: string
      readonly first: number
      readonly last: number
      readonly reason: string
    }
  | { readonly type: 'gap-closed'; readonly channel: string; readonly source: string; readonly seq: number }
  | { readonly type: 'overflow'; readonly channel: string; readonly dropped: number }
  | {
      readonly type: 'lost'
      readonly channel: string
      readonly site: string
      readonly reason: string
      readonly count: number | undefined
    }
  /** Bytes that the contract cannot read. They are given here once, and the next message is handled. */
  | {
      readonly type: 'undecodable'
      readonly channel: string
      readonly site: string
      readonly id: string | undefined
      readonly body: Uint8Array | string
      readonly headers: Headers
      readonly error: MessagingError
    }
  | {
      readonly type: 'dead-letter'
      readonly channel: string
      readonly id: string | undefined
      readonly reason: string
      readonly attempt: number
    }
  | {
      readonly type: 'offered-again'
      readonly channel: string
      readonly from: string
      readonly to: string
      readonly count: number
    }
  | {
      readonly type: 'handler-failed'
      readonly channel: string
      readonly id: string | undefined
      readonly attempt: number
      readonly error: unknown
    }
  /** Messages go by other routes from now on. */
  | { readonly type: 'rerouted'; readonly generation: number }
  | { readonly type: 'warning'; readonly message: string }
)

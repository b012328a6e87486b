import type { InputOf, OutputOf, ParamsOf, Queue, ReplyInputOf, ReplyOf, Rpc, Topic } from '../contract/contract.js'
import type { Explanation } from '../route/explain.js'
import type { Duration } from '../runtime/duration.js'
import type { CONTEXT } from './context.js'
import type { ClientEvent, Status } from './happenings.js'
import type { RouteOptions } from './options.js'

interface Waiting {
  /** Aborting rejects with `canceled`; what was handed to an engine by then is `outcome-unknown`. */
  readonly signal?: AbortSignal
  /** Default 30 s; requests 5 s. */
  readonly timeout?: Duration
}

export interface PublishOptions extends Waiting {
  readonly headers?: Readonly<Record<string, string>>
}

export interface SendOptions extends PublishOptions {
  /** Not before this has passed. */
  readonly delay?: Duration
  /** Dropped by the engine if nobody took it by then. */
  readonly ttl?: Duration
}

export interface RequestOptions extends PublishOptions {
  /**
   * Asks a second site as well when the first has not answered after so long; the first answer counts. `p95`: after as long as 95 of the
   * last 100 answers took, 10 ms to 1 s. Only for idempotent contracts, and within the retry budget. Default: never.
   */
  readonly hedge?: Duration | 'p95'
}

/** For parameters that the value does not carry. */
export interface Params {
  readonly params?: Readonly<Record<string, string | number>>
}

/** The parameters may be left out when the value carries them under the same names. */
export type WithParams<C, Options> = [keyof ParamsOf<C>] extends [never]
  ? [options?: Options]
  : string extends keyof ParamsOf<C>
    ? // A template that only the running program knows.
      [options?: Options & { readonly params?: ParamsOf<C> }]
    : InputOf<C> extends { readonly [Name in keyof ParamsOf<C>]: string | number }
      ? [options?: Options & { readonly params?: ParamsOf<C> }]
      : [options: Options & { readonly params: ParamsOf<C> }]

/** What was promised when a publish or send resolved. */
export interface Sent {
  readonly id: string
  /** What the acknowledgement means: `sent` written to the engine, `accepted` taken by it, `stored` in its log. */
  readonly durability: 'sent' | 'accepted' | 'stored'
  /** Who acknowledged. */
  readonly sites: readonly string[]
}

export interface SubscribeOptions {
  /** Default `now`; a Date or Unix ms; or what `checkpoint()` gave. */
  readonly from?: 'now' | 'beginning' | 'latest' | Date | number | Checkpoint
  /**
   * `strict` waits up to 2 s for a missing message (default for durable), `arrival` gives at once (live),
   * `newest` gives only what is newer than the last given (latest).
   */
  readonly order?: 'strict' | 'arrival' | 'newest'
  /** What happens when the reader is slower than the channel. Default `wait`; live topics `drop-oldest`. */
  readonly overflow?: 'wait' | 'drop-oldest' | 'latest-per-key' | 'error'
  /** Messages that may wait for the reader; of live topics as many on their way, beyond which the engine drops. Default 1,000. */
  readonly buffer?: number
  /** Members of a group share the messages. */
  readonly group?: string
  /** At most so many updates a second and path; skips to the newest. */
  readonly maxRate?: number
  readonly signal?: AbortSignal
}

/** Positions and windows of a subscription as one value: store it with the effect of the last handled message. Plain text. */
export interface Checkpoint {
  readonly checkpoint: string
}

export interface Message<Value = unknown, Params = Readonly<Record<string, string>>> {
  readonly value: Value
  readonly params: Params
  /** The parameters as one text, escaped: the key of tables. */
  readonly path: string
  /** The site that delivered it. */
  readonly site: string
  /** Publisher and lane; `undefined` for messages of foreign clients. */
  readonly source: string | undefined
  readonly seq: number | undefined
  /** The publisher's stamp, else the engine's, Unix ms. */
  readonly timeMs: number | undefined
  /** A later one of the same source was given before. */
  readonly late: boolean
  /** Not the first attempt, of its publisher or in a group of the engine: an earlier copy may have been lost or seen. */
  readonly again: boolean
  /** It is too old to tell whether it was given before. */
  readonly uncertain: boolean
  readonly headers: Readonly<Record<string, string>>
}

export interface Subscription<Value = unknown, Params = Readonly<Record<string, string>>>
  extends AsyncIterable<Message<Value, Params>>,
    AsyncDisposable {
  /** Attached at every site that can be reached: what is published from now on arrives. Rejects if it never can be. */
  readonly ready: Promise<void>
  checkpoint(): Checkpoint
  status(): SubscriptionStatus
  /** Ends the iteration after what is already here. */
  stop(): Promise<void>
}

export interface SubscriptionStatus {
  readonly attached: readonly string[]
  readonly missing: readonly string[]
  readonly received: number
  readonly duplicates: number
  readonly gapsOpen: number
  readonly held: number
}

export interface ConsumeOptions {
  /** Jobs in work at once. Default 1. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  /** Called when the engine confirmed how a job ended. */
  readonly onSettled?: (job: Job, how: 'ack' | 'retry' | 'reject') => void
}

export interface Job {
  readonly id: string | undefined
  readonly params: Readonly<Record<string, string>>
  readonly path: string
  readonly site: string
  /** 1 for the first delivery. */
  readonly attempt: number
  readonly redelivered: boolean
  readonly again: boolean
  readonly timeMs: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Aborts when the job is lost (lease, link) or the worker is cut. */
  readonly signal: AbortSignal
  /** Renews the lease. Done automatically while the handler runs, where the engine can. */
  extend(): Promise<void>
  /** When the handler resolves, this job is tried again instead of acknowledged. */
  retry(delay?: Duration): void
  /** When the handler resolves, this job goes to the dead letter with this reason. */
  reject(reason: string): void
}

export interface Worker extends AsyncDisposable {
  readonly ready: Promise<void>
  /** Takes no more; resolves when running handlers have settled. */
  stop(): Promise<void>
}

export interface RespondOptions {
  readonly concurrency?: number
  readonly signal?: AbortSignal
}

export interface Call {
  readonly id: string | undefined
  readonly params: Readonly<Record<string, string>>
  readonly site: string
  readonly attempt: number
  readonly headers: Readonly<Record<string, string>>
  /** Aborts at the requester's deadline. */
  readonly signal: AbortSignal
}

export interface TableOptions {
  readonly signal?: AbortSignal
  /** At most so many updates a second and path; skips to the newest. */
  readonly maxRate?: number
}

/** The newest value per path, kept up to date. */
export interface Table<Value = unknown, Params = Readonly<Record<string, string>>> extends AsyncDisposable {
  /** Every reachable site gave its snapshot. */
  readonly ready: Promise<void>
  get(path: string): TableEntry<Value, Params> | undefined
  entries(): IterableIterator<[string, TableEntry<Value, Params>]>
  readonly size: number
  /** Changed paths since the last step; the first step names all. Conflated: a slow reader gets each path once. */
  changes(options?: { readonly signal?: AbortSignal }): AsyncIterable<readonly string[]>
  status(): { readonly complete: boolean; readonly missing: readonly string[] }
  stop(): Promise<void>
}

/** The same object until the value or its staleness changes. */
export interface TableEntry<Value = unknown, Params = Readonly<Record<string, string>>> {
  readonly value: Value
  readonly params: Params
  readonly path: string
  readonly timeMs: number | undefined
  readonly site: string
  /** The site that served it is lost and no other confirmed it since. */
  readonly stale: boolean
}

/** What verbs are functions of: `subscribe(client, quotes)`. By itself it follows its sites, and can be closed. */
export interface BareClient<Site extends string = string> extends AsyncDisposable {
  /** Drains in phases: intake stops, handlers finish, the outbox empties, the rest settles. A second call waits for the first. Default timeout 10 s. */
  close(options?: { readonly timeout?: Duration }): Promise<void>
  /** Its inside, for the verbs alone. */
  readonly [CONTEXT]: unknown
  /** The names of its sites, for the compiler: never there. */
  readonly '~sites'?: Site
}

/** One typed client over all sites, with every verb as a method. Made by `createClient`. */
export interface Client<Site extends string = string> extends BareClient<Site> {
  /** Resolves when done (see {@link Sent}). Rejects with `outcome-unknown` if it may have been taken; any other code promises that nobody will ever receive it. */
  publish<C extends Topic>(topic: C, value: InputOf<C>, ...rest: WithParams<C, PublishOptions>): Promise<Sent>
  /** A tombstone for one path of a `latest` topic, to every site of its route. */
  remove<C extends Topic>(topic: C, params: ParamsOf<C>, options?: PublishOptions): Promise<Sent>
  send<C extends Queue>(queue: C, value: InputOf<C>, ...rest: WithParams<C, SendOptions>): Promise<Sent>
  request<C extends Rpc>(rpc: C, query: InputOf<C>, ...rest: WithParams<C, RequestOptions>): Promise<ReplyOf<C>>
  subscribe<C extends Topic>(
    topic: C,
    params?: Partial<ParamsOf<C>>,
    options?: SubscribeOptions,
  ): Subscription<OutputOf<C>, ParamsOf<C>>
  consume<C extends Queue>(
    queue: C,
    handler: (value: OutputOf<C>, job: Job) => unknown,
    options?: ConsumeOptions,
  ): Worker
  respond<C extends Rpc>(
    rpc: C,
    handler: (query: OutputOf<C>, call: Call) => ReplyInputOf<C> | Promise<ReplyInputOf<C>>,
    options?: RespondOptions,
  ): Worker
  table<C extends Topic>(
    topic: C,
    params?: Partial<ParamsOf<C>>,
    options?: TableOptions,
  ): Table<OutputOf<C>, ParamsOf<C>>
  /** A frozen picture of this moment. */
  status(): Status
  /** Iterates what happens from the call on. Bounded: a reader that is 1,000 events behind loses the oldest, and is told. */
  watch(options?: { readonly signal?: AbortSignal }): AsyncIterable<ClientEvent>
  explain(
    op: 'publish' | 'send' | 'request' | 'subscribe' | 'consume' | 'respond',
    contract: Topic | Queue | Rpc,
    at?: { readonly params?: Readonly<Record<string, string>>; readonly key?: string },
  ): Explanation
  /**
   * Leaves every site as planned, as a page that goes into the back/forward cache must: no failure is counted, nothing is
   * dialed. Subscriptions, tables, positions and the outbox stay; calls wait within their own deadlines. Tables show their
   * entries as stale. Resolves when the links are gone; a second call waits for the first.
   */
  suspend(): Promise<void>
  /**
   * Comes back from {@link Client.suspend}. Sites that wait for their next dial are dialed now, so it also serves when
   * the network is back. `maxRate`: until the next call, tables and subscriptions of order `newest`, also those made
   * meanwhile, get at most so many updates a second and path, or fewer where they asked for fewer; absent: their own rate again.
   */
  resume(options?: { readonly maxRate?: number }): void
  /** Brings lanes back to the sites that their routes prefer, now, whatever the option `failback` says. */
  failback(): void
  /**
   * Replaces all routes at once, as one generation whose number it gives: the dial of a migration, another primary. Lanes move
   * as planned, in order; sites that go are listened at for 30 s more, or the time that is retained. Throws `invalid` for
   * routes that cannot work, naming their path, and `capability` where a group cannot live with them: then nothing has changed.
   */
  reroute(routes: readonly RouteOptions<Site>[]): number
}

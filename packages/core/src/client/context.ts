import { type ChannelSpec, type Credentials, MessagingError } from '@spanwire/driver'
import type { Completed } from '../arrival/completed.js'
import type { Contract } from '../contract/contract.js'
import { isMarks } from '../departure/marks.js'
import { Publisher } from '../departure/publisher.js'
import type { Overflow } from '../departure/room.js'
import { type Route, routeFor } from '../route/match.js'
import type { Picture } from '../route/picture.js'
import type { Policy } from '../route/policy.js'
import { type Deferred, deferred } from '../runtime/deferred.js'
import { toMs } from '../runtime/duration.js'
import { type Runtime, systemRuntime } from '../runtime/runtime.js'
import type { Deadlines } from '../runtime/wheel.js'
import { Company } from '../session/company.js'
import { patienceOf } from '../session/patience.js'
import { Session } from '../session/session.js'
import { viewOf } from '../session/site-view.js'
import type { BareClient, SubscriptionStatus } from './api.js'
import type { Departures } from './departures.js'
import { Events } from './events.js'
import type { Failovers } from './failovers.js'
import type { MarksListener } from './marks.js'
import type { ClientOptions, SiteOptions } from './options.js'
import type { Replies } from './replies.js'
import { requestIds } from './request-ids.js'
import type { RetryBudget } from './retry-budget.js'
import { troubleOf } from './trouble.js'

/** What is counted of a message that came in. `timeMs`: its stamp, Unix ms. */
export interface Tapped {
  readonly site: string
  readonly timeMs: number
  readonly again: boolean
}

/** Something that takes messages in and must end with the client. */
export interface Intake {
  readonly channel: string
  subscription?(): SubscriptionStatus
  /** The routes changed, or those of before are over. */
  reroute(): void
  /** Throws unless it can live with this policy of its channel. */
  check?(policy: Policy): void
  readonly spec: ChannelSpec
  /** Hears of each message that comes, while there is something to count. */
  tap?: ((taken: Tapped) => void) | undefined
  /** {@link Context.maxRate} changed. */
  pace?(): void
  /** Takes no more; resolves when what it began has ended. */
  stop(signal: AbortSignal): Promise<void>
}

/**
 * What the verbs share. Made once per client; nothing in here is public. What only some verbs need is made by the first of
 * them that is used, so that a page does not load it otherwise.
 */
export interface Context {
  readonly runtime: Runtime
  readonly events: Events
  readonly publisher: Publisher
  /** Of `departuresOf`. */
  departures: Departures | undefined
  /** Of the first who watches. */
  failovers: Failovers | undefined
  /** Of `avoiding`: sites that answer far more slowly than others, each with a sentence. */
  slow: (() => ReadonlyMap<string, string>) | undefined
  /** Of `deadlinesOf`. */
  deadlines: Deadlines | undefined
  readonly marks: Map<string, MarksListener>
  readonly intakes: Set<Intake>
  /** Updates a second and path, at most, for what only shows the newest; absent: its own rate. */
  maxRate: number | undefined
  /** Of `completedOf`. */
  completed: Completed | undefined
  /** Jobs in work, by channel and id. At most one for each that may be in work at once. */
  readonly running: Map<string, Promise<void>>
  /** Of `repliesOf`. */
  replies: Replies | undefined
  /** Of `budgetOf`, by site. */
  readonly budgets: Map<string, RetryBudget>
  /** How long the last answers took, ms, by contract; of those that were hedged. */
  readonly answered: Map<string, number[]>
  /** Requests without an answer yet. */
  readonly asking: Set<unknown>
  nextRequestId(bound: string | undefined): string
  readonly sessions: ReadonlyMap<string, Session>
  readonly routing: Routing
  readonly limits: Limits
  readonly failback: NonNullable<ClientOptions['failback']>
  readonly standby: NonNullable<ClientOptions['standby']>
  /** Resolves when the client has closed. */
  readonly closed: Deferred<void>
  session(site: string): Session
  picture(): Picture
  policy(spec: ChannelSpec): Policy
  /** Throws `closed` once intake has ended: no new subscribe, consume, request, respond. */
  assertOpen(what: string): void
  /** Throws `closed` once nothing is written any more: running handlers may publish while the client drains. */
  assertWritable(what: string): void
}

/** Where messages go, now and until lately. */
export interface Routing {
  /** From 1; one more with each change. */
  generation: number
  route: Route
  /** Routes of before, by what ends them: other clients may still publish by them (R22). */
  readonly earlier: Map<Route, () => void>
}

/** What may wait for a site, and what is kept of what a site took. */
export interface Limits {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly overflow: Overflow
  readonly waitMs: number
  readonly retainMs: number
  readonly retainBytes: number
}

/** Where a client keeps its inside. The same in every copy of this package, for a program may load it as ESM and as CJS. */
export const CONTEXT: unique symbol = Symbol.for('spanwire.context')

export function contextOf(client: BareClient): Context {
  // Whoever calls without types may hand in anything.
  const context = client[CONTEXT] as Context | undefined
  if (context === undefined) throw new MessagingError('invalid', 'this client was not made by this package')
  return context
}

export interface Life {
  /** `closing`: no new intake; running handlers may still publish. `closed`: nothing any more. */
  stage: 'open' | 'closing' | 'closed'
}

const EVERYWHERE: Policy = { by: 'all', ack: 'any' }
const NONE: Credentials = { by: 'none' }

export function makeContext(options: ClientOptions, life: Life): Context {
  const runtime = options.runtime ?? systemRuntime
  const publisher = new Publisher(runtime)
  const sessions = new Map<string, Session>()
  const sites = Object.entries<SiteOptions>(options.sites)
  const company = new Company()
  for (const [name, site] of sites)
    sessions.set(name, makeSession(name, site, options, { runtime, publisher, company }))
  const route = routeFor(options.routes ?? [], Object.keys(options.sites))
  const routing: Routing = { generation: 1, route, earlier: new Map() }
  return {
    runtime,
    events: new Events(runtime),
    publisher,
    departures: undefined,
    failovers: undefined,
    slow: undefined,
    deadlines: undefined,
    marks: new Map(),
    intakes: new Set(),
    maxRate: undefined,
    completed: undefined,
    running: new Map(),
    replies: undefined,
    budgets: new Map(),
    answered: new Map(),
    asking: new Set(),
    nextRequestId: requestIds(publisher),
    sessions,
    routing,
    limits: limitsOf(options),
    failback: options.failback ?? 'auto',
    standby: options.standby ?? 'cold',
    closed: deferred(),
    session: (site) => known(sessions, site),
    picture: () => ({
      generation: routing.generation,
      here: options.here,
      sites: sites.map(([name, site]) => viewOf(known(sessions, name), site)),
    }),
    // Marks and voids are for every reader, wherever the contract's own messages go (R6).
    policy: (channel) => (isMarks(channel.name) ? EVERYWHERE : routing.route(channel)),
    assertOpen: (what) => {
      if (life.stage !== 'open') throw new MessagingError('closed', `${what}: the client is ${life.stage}`)
    },
    assertWritable: (what) => {
      if (life.stage === 'closed') throw new MessagingError('closed', `${what}: the client is closed`)
    },
  }
}

function limitsOf({ outbox = {}, retain = {} }: ClientOptions): Limits {
  return {
    maxMessages: outbox.messages ?? 10_000,
    maxBytes: outbox.bytes ?? 16 << 20,
    overflow: outbox.overflow ?? 'error',
    waitMs: toMs(outbox.wait ?? 30_000, 'outbox.wait'),
    retainMs: toMs(retain.time ?? 30_000, 'retain.time'),
    retainBytes: retain.bytes ?? 64 << 20,
  }
}

function makeSession(
  name: string,
  site: SiteOptions,
  options: ClientOptions,
  shared: { readonly runtime: Runtime; readonly publisher: Publisher; readonly company: Company },
): Session {
  const { company, publisher, runtime } = shared
  const { credentials = NONE } = site
  if (site.driver.spec !== 1)
    throw new MessagingError('invalid', `sites.${name}.driver: it speaks spec ${site.driver.spec}, not 1`)
  if (site.endpoints.length === 0) throw new MessagingError('invalid', `sites.${name}.endpoints is empty`)
  let links = 0
  return new Session({
    site: name,
    driver: site.driver,
    endpoints: site.endpoints,
    credentials: typeof credentials === 'function' ? credentials : () => Promise.resolve(credentials),
    ...(site.tls === undefined ? undefined : { tls: site.tls }),
    missing: options.missing ?? 'create',
    nonce: publisher.nonce,
    clientId: () => `${publisher.nonce}-${name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 32)}-${++links}`,
    runtime,
    company,
    patience: patienceOf(
      { ...options.health, ...site.health },
      `sites.${name}.health`,
      options.standby === 'warm' ? 8 : 4,
    ),
  })
}

function known(sessions: ReadonlyMap<string, Session>, site: string): Session {
  const session = sessions.get(site)
  if (session === undefined)
    throw new MessagingError('invalid', `no site ${site}; known: ${[...sessions.keys()].join(', ')}`)
  return session
}

/** How each site is, and why. */
export function reasons({ runtime, sessions }: Pick<Context, 'runtime' | 'sessions'>): string {
  return [...sessions.values()]
    .map((session) => `${session.site} ${troubleOf(session, runtime.now()) ?? 'is up'}`)
    .join('; ')
}

/** The name users know a contract's channel by. */
export function channelOf(contract: Pick<Contract, 'name'>, path: string): string {
  return path === '' ? contract.name : `${contract.name}.${path}`
}

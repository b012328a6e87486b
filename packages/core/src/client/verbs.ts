import type { BareClient, Client } from './api.js'
import type { consume } from './consume.js'
import type { explain } from './explain.js'
import type { failback } from './failback.js'
import type { publish, send } from './publish.js'
import type { remove } from './remove.js'
import type { request } from './request.js'
import type { reroute } from './reroute.js'
import type { respond } from './respond.js'
import type { status } from './status.js'
import type { subscribe } from './subscribe.js'
import type { resume, suspend } from './suspend.js'
import type { table } from './table.js'
import type { watch } from './watch.js'

/** The verbs as functions of a client, by the names that they have as its methods. */
export interface Verbs {
  readonly publish: typeof publish
  readonly remove: typeof remove
  readonly send: typeof send
  readonly request: typeof request
  readonly subscribe: typeof subscribe
  readonly consume: typeof consume
  readonly respond: typeof respond
  readonly table: typeof table
  readonly status: typeof status
  readonly watch: typeof watch
  readonly explain: typeof explain
  readonly failback: typeof failback
  readonly reroute: typeof reroute
  readonly suspend: typeof suspend
  readonly resume: typeof resume
}

/**
 * The client with these verbs as its methods, and no others: `withVerbs(createBareClient(options), { subscribe, publish })`.
 * Both are one client: closing either closes both.
 */
export function withVerbs<Bare extends BareClient, Name extends keyof Verbs>(
  client: Bare,
  verbs: Pick<Verbs, Name>,
): Bare & Pick<Client<SitesOf<Bare>>, Name> {
  const bound = Object.entries<Bindable>(verbs).map(([name, verb]) => [name, verb.bind(undefined, client)])
  // What a method takes and gives its function says: `Client` is held to that by a test of the types.
  return { ...client, ...Object.fromEntries(bound) }
}

type SitesOf<Bare> = Bare extends BareClient<infer Site> ? Site : never

interface Bindable {
  bind(self: undefined, client: BareClient): unknown
}

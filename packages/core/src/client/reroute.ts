import { MessagingError } from '@spanwire/driver'
import { rehome } from '../departure/rehome.js'
import { type Route, routeFor } from '../route/match.js'
import { type Policy, sitesIn } from '../route/policy.js'
import type { BareClient } from './api.js'
import { type Context, contextOf } from './context.js'
import type { RouteOptions } from './options.js'

/** What other clients sent by the routes of before is on its way for so long at least; longer where more is retained. */
const LINGER_MS = 30_000
/** Generations that lead to other sites and are still listened to. */
const MAX_EARLIER = 64

/** Where each rule of a generation can lead at all. */
const scopes = new WeakMap<Route, string>()

/**
 * Replaces all routes at once, as one generation: the dial of a migration (`weighted`), a primary that changes, `all()` for
 * a while. Each lane goes to its new home as planned: it stops, what is on its way ends, it goes on there; nothing is lost,
 * doubled or out of order. Subscriptions and workers attach to the sites that come at once, and leave those that go after
 * 30 s, or the time that is retained, so that clients may be rerouted one after another; workers stay until such a site
 * has had no job for 30 s. Gives the number of the generation, which `status()` and `explain()` show. Throws `invalid` for
 * routes that cannot work, naming their path, and `capability` where a group cannot live with them: then nothing has changed.
 */
export function reroute<Site extends string>(
  client: BareClient<Site>,
  routes: readonly RouteOptions<NoInfer<Site>>[],
): number {
  const context = contextOf(client)
  context.assertOpen('reroute')
  const { intakes, routing } = context
  const route = routeFor(routes, [...context.sessions.keys()])
  for (const intake of intakes) intake.check?.(route(intake.spec))
  scopes.set(route, JSON.stringify(routes.map(({ match, policy }) => [match, scopeOf(policy)])))
  keep(context, routing.route, route)
  routing.route = route
  routing.generation += 1
  for (const outbox of context.departures?.outboxes.values() ?? []) outbox.visit(rehome)
  for (const intake of intakes) intake.reroute()
  context.events.emit({ type: 'rerouted', generation: routing.generation })
  return routing.generation
}

/** Others may not have left the routes of before: what these lead to is listened at a while longer (R22). */
function keep(context: Context, before: Route, now: Route): void {
  const { limits, routing, runtime } = context
  const { earlier } = routing
  if (earlier.size >= MAX_EARLIER) {
    const text = `reroute: ${MAX_EARLIER} generations of before are still listened to, each for ${LINGER_MS} ms`
    throw new MessagingError('overloaded', text)
  }
  const scope = scopes.get(before)
  // A dial that is turned to and fro leads to the same sites each time.
  for (const [route, cancel] of earlier) {
    if (scope === undefined || (scopes.get(route) !== scope && scopes.get(route) !== scopes.get(now))) continue
    cancel()
    earlier.delete(route)
  }
  if (scope !== undefined && scope === scopes.get(now)) return
  const cancel = runtime.after(Math.max(LINGER_MS, limits.retainMs), () => {
    earlier.delete(before)
    for (const intake of context.intakes) intake.reroute()
  })
  earlier.set(before, cancel)
}

/** Policies of one scope lead to the same sites, in whatever order. */
function scopeOf(policy: Policy): unknown {
  return policy.by === 'primary' || policy.by === 'weighted' ? [...sitesIn(policy)].sort() : policy
}

import type { Picture } from './picture.js'
import type { Policy } from './policy.js'
import { isInScope } from './scope.js'

/**
 * Where subscriptions, consumers and responders attach: at every site that the policy lets somebody publish, send or ask at, now or
 * after a failure, also a draining, standby or refused one (R22). Their health is no matter: others may see it differently.
 */
export function listen<Site extends string>(policy: Policy<Site>, picture: Picture<Site>): readonly Site[] {
  return picture.sites.filter((site) => isInScope(policy, site, picture.here)).map(({ name }) => name)
}

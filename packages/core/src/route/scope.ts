import { isLocal } from './distance.js'
import type { Location, SiteView } from './picture.js'
import { type Policy, sitesIn } from './policy.js'

/** Whether the policy may ever use the site, whatever happens to the others (I9). */
export function isInScope(policy: Policy, site: SiteView, here: Location): boolean {
  switch (policy.by) {
    case 'nearest':
    case 'all':
      return true
    case 'local':
      return isLocal(here, site.location)
    case 'pinned':
      return policy.failover || typeof policy.to === 'string' || sitesIn(policy).includes(site.name)
    case 'primary':
      return policy.sites.includes(site.name)
    case 'weighted':
      return policy.shares.some(([name]) => name === site.name)
    default:
      return policy satisfies never
  }
}

import { all, type Location, primary, type RouteOptions, weighted } from '@spanwire/core'

/** The two sites of the example, and how its channels are spread over them. */

export const SITES = ['frankfurt', 'dublin'] as const
export type SiteName = (typeof SITES)[number]

export const LOCATIONS: { readonly [Name in SiteName]: Location } = {
  frankfurt: { environment: 'on-prem', region: 'eu-central', zone: 'fra1' },
  dublin: { environment: 'cloud', region: 'eu-west' },
}

/** `all`: every quote goes to both sites. `primary`: to Frankfurt, and to Dublin when that is lost. */
export type QuotesPolicy = 'all' | 'primary'

/** `dublinShare`: percent of the pricing requests that go to Dublin, the dial of the migration. */
export function routesOf(quotes: QuotesPolicy, dublinShare = 10): readonly RouteOptions<SiteName>[] {
  return [
    { match: 'quotes.>', policy: quotes === 'all' ? all() : primary('frankfurt', 'dublin') },
    { match: 'order-events.>', policy: all() },
    { match: 'orders', policy: primary('frankfurt', 'dublin') },
    { match: 'pricing.*', policy: weighted({ frankfurt: 100 - dublinShare, dublin: dublinShare }) },
  ]
}

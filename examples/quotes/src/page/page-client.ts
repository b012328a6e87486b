import { createBrowserClient } from '@spanwire/browser'
import type { BareClient } from '@spanwire/core'
import type { Picture } from '../picture.js'
import { LOCATIONS, routesOf, type SiteName } from '../routes.js'

/** A client of both sites. */
export function makeClient(picture: Picture): BareClient {
  const site = (name: SiteName) => ({
    url: picture.sites.find((one) => one.name === name)?.url ?? '',
    location: LOCATIONS[name],
    token: picture.token,
  })
  return createBrowserClient({
    sites: { frankfurt: site('frankfurt'), dublin: site('dublin') },
    routes: routesOf(picture.quotes),
  })
}

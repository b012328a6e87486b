import {
  all,
  type Client,
  type ClientOptions,
  createClient,
  local,
  nearest,
  type Policy,
  pinned,
  primary,
  type RouteOptions,
  type SiteOptions,
  weighted,
} from '@spanwire/core'
import { type Driver, MessagingError } from '@spanwire/driver'
import { loadConfig } from './config.js'
import { loadDriver, type MakeDriver, makeDriver } from './drivers.js'
import type { Config, PolicyConfig, SiteConfig } from './schema.js'
import { credentialsOf, tlsOf } from './secrets.js'

/** What a program may add to its configuration; where both say `standby`, the program decides. */
export interface ConnectOptions extends Partial<Omit<ClientOptions, 'here' | 'sites' | 'routes'>> {
  /** Drivers that the program brings along, by the name that sites use; all others are loaded as packages. */
  readonly drivers?: Readonly<Record<string, MakeDriver>>
}

/**
 * A client from a configuration: a value, or the name of a file (default: `spanwire.config.json`, `.yaml` or `.yml`
 * here). Drivers are loaded when a site names them. Rejects with `invalid` or `not-found`, naming the path; does not
 * wait for a site.
 */
export async function connect(config?: Config | string, options: ConnectOptions = {}): Promise<Client> {
  const { drivers = {}, ...rest } = options
  const { here, routes = [], sites, standby } = typeof config === 'object' ? config : await loadConfig(config)
  const made: [string, SiteOptions][] = []
  for (const [name, site] of Object.entries(sites)) made.push([name, await siteOf(name, site, drivers)])
  return createClient({
    ...(standby === undefined ? undefined : { standby }),
    ...rest,
    here: defined(here),
    sites: Object.fromEntries(made),
    routes: routes.map(({ match, policy }): RouteOptions => ({ match, policy: policyOf(policy) })),
  })
}

async function siteOf(
  name: string,
  site: SiteConfig,
  drivers: Readonly<Record<string, MakeDriver>>,
): Promise<SiteOptions> {
  const { credentials, endpoints, location, mode, options = {}, tls } = site
  const own = Object.hasOwn(drivers, site.driver) ? drivers[site.driver] : undefined
  const driver = await (own ? makeDriver(name, () => own(options)) : loadDriver(site.driver, options, name))
  assertEndpoints(name, endpoints, driver)
  return {
    location: defined(location),
    driver,
    endpoints,
    credentials: credentialsOf(name, credentials),
    ...(tls === undefined ? undefined : { tls: await tlsOf(name, tls) }),
    ...(mode === undefined ? undefined : { mode }),
  }
}

/** All that lead nowhere, a line each. */
function assertEndpoints(site: string, endpoints: readonly string[], driver: Driver): void {
  const lines = endpoints.flatMap((endpoint, index) => {
    try {
      driver.assertEndpoint?.(endpoint)
      return []
    } catch (error) {
      if (!MessagingError.is(error)) throw error
      return [`sites.${site}.endpoints.${index}: ${error.message}`]
    }
  })
  if (lines.length > 0) throw new MessagingError('invalid', lines.join('\n'), { site })
}

function policyOf(policy: PolicyConfig): Policy<string> {
  if (policy === 'nearest') return nearest()
  if (policy === 'local') return local()
  if ('primary' in policy) return primary(...atLeastOne(policy.primary))
  if ('pinned' in policy) {
    const { by, failover } = policy.pinned
    return pinned({ by, ...(failover === undefined ? undefined : { failover }) })
  }
  if ('weighted' in policy) return weighted(policy.weighted)
  return all(defined(policy.all))
}

function atLeastOne(sites: readonly string[]): readonly [string, ...string[]] {
  const [first, ...rest] = sites
  if (first === undefined) throw new MessagingError('invalid', 'primary names no site')
  return [first, ...rest]
}

/** zod gives absent keys as `undefined`; ours are absent. */
function defined<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as never
}

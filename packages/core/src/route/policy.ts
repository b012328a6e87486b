import { MessagingError } from '@spanwire/driver'

/** How a lane finds its home among the sites. Made by `nearest`, `primary`, `pinned`, `weighted`, `all` and `local`; frozen. */
export type Policy<Site extends string = string> =
  | { readonly by: 'nearest' }
  | { readonly by: 'local' }
  | { readonly by: 'primary'; readonly sites: readonly Site[] }
  | {
      readonly by: 'pinned'
      readonly to: 'key' | 'channel' | Readonly<Record<string, Site>>
      readonly failover: boolean
    }
  | { readonly by: 'weighted'; readonly shares: readonly (readonly [site: Site, share: number])[] }
  | { readonly by: 'all'; readonly ack: 'any' | 'majority' | 'all' }

/** The nearest site by location, then by round trip and load. Moves to the next one when it fails. What channels without a route get. */
export function nearest(): Policy<never> {
  return Object.freeze({ by: 'nearest' })
}

/**
 * As {@link nearest}, and never leaves the place: only sites of this process' environment and, where it names a region, of
 * that region. Fails when none of them is left.
 */
export function local(): Policy<never> {
  return Object.freeze({ by: 'local' })
}

/** The first of these sites that works. */
export function primary<const Site extends string>(...sites: readonly [Site, ...Site[]]): Policy<Site> {
  if (sites.length === 0 || new Set(sites).size < sites.length)
    throw new MessagingError('invalid', `primary(${sites}) needs a site, and each once.`)
  return Object.freeze({ by: 'primary', sites: Object.freeze(sites) })
}

/**
 * Each lane has one fixed site: by hash of its key (or parameters), by hash of its channel, or as a map says, from escaped
 * parameters (`AAPL`) or channel name (`quotes`) to site; what the map lacks is hashed over its sites. Without `failover` a lane waits
 * for its site, and no site outside the map is ever used; with it, the next one by hash steps in.
 */
export function pinned<const Site extends string = never>(options: {
  readonly by: 'key' | 'channel' | Readonly<Record<string, Site>>
  readonly failover?: boolean
}): Policy<Site> {
  const { by, failover = false } = options
  const to = typeof by === 'string' ? by : Object.freeze({ ...by })
  if (typeof to === 'object' && Object.keys(to).length === 0)
    throw new MessagingError('invalid', 'pinned({ by: {} }) names no site.')
  return Object.freeze({ by: 'pinned', to, failover })
}

/**
 * Lanes, and requests without one, are divided by these shares: `weighted({ frankfurt: 90, dublin: 10 })`. Raising one share
 * moves lanes towards that site only. A share of 0 takes no lane, but steps in when the others fail; other sites are never used.
 */
export function weighted<const Site extends string>(shares: { readonly [Name in Site]: number }): Policy<Site> {
  // Object.entries forgets the names' type.
  const entries = Object.entries(shares) as [Site, number][]
  if (entries.length === 0 || !entries.every(([, share]) => share >= 0 && share < Infinity))
    throw new MessagingError('invalid', `weighted(${JSON.stringify(shares)}) needs a site, and shares of at least 0.`)
  return Object.freeze({ by: 'weighted', shares: Object.freeze(entries) })
}

/**
 * What is published goes to every site, and the loss of one is no gap. `ack` says how many must confirm: default `any`. A site that drains, or
 * refuses our credentials, is none of them. Queues and requests go to the nearest site, because each must be done once.
 */
export function all(options: { readonly ack?: 'any' | 'majority' | 'all' } = {}): Policy<never> {
  return Object.freeze({ by: 'all', ack: options.ack ?? 'any' })
}

/** The policy as operators write it: `primary(frankfurt, dublin)`. */
export function describePolicy(policy: Policy): string {
  switch (policy.by) {
    case 'primary':
      return `primary(${policy.sites.join(', ')})`
    case 'weighted':
      return `weighted(${policy.shares.map((share) => share.join(' ')).join(', ')})`
    case 'pinned': {
      const by = typeof policy.to === 'string' ? policy.to : JSON.stringify(policy.to)
      return `pinned(by ${by}${policy.failover ? ', with failover' : ''})`
    }
    case 'all':
      return `all(ack ${policy.ack})`
    default:
      return policy.by
  }
}

/** The sites that a policy names. */
export function sitesIn<Site extends string>(policy: Policy<Site>): readonly Site[] {
  switch (policy.by) {
    case 'primary':
      return policy.sites
    case 'weighted':
      return policy.shares.map(([site]) => site)
    case 'pinned':
      return typeof policy.to === 'string' ? [] : Object.values<Site>(policy.to)
    default:
      return []
  }
}

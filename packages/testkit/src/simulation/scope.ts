import { type Location, type RouteOptions, unescapeToken } from '@spanwire/core'
import { SITES } from './company.js'
import { board, book, orders, price, quotes, ticks, trades } from './play.js'
import { Simulation } from './simulation.js'

const TOPICS = [quotes, ticks, board, trades]
const RPCS = [price, book]

/** What routes let a process do, whatever becomes of the sites. A path is as drivers are given it. */
export interface Scope {
  /** May what belongs to this channel and path go to the site? */
  allows(channel: string, path: string, site: string): boolean
  /** Where it belongs when all sites are well; absent: at all of them. */
  home(channel: string, path: string): string | undefined
}

/** Where policies lead, of all seeds so far: there are few, and each costs a client. */
const found = new Map<string, readonly string[]>()
const MAX_FOUND = 10_000

export function scopeOf(routes: readonly RouteOptions[], here: Location): Scope {
  const lanes = new Map<string, readonly string[]>()
  const policyOf = (channel: string) => routes.find(({ match }) => match === channel || match === '>')?.policy
  const sitesOf = (channel: string, path: string): readonly string[] => {
    const lane = `${channel} ${path}`
    const known = lanes.get(lane)
    if (known !== undefined) return known
    const key = `${lane} ${JSON.stringify([here, policyOf(channel)])}`
    const sites = found.get(key) ?? explained(routes, here, channel, path)
    if (found.size >= MAX_FOUND) found.clear()
    found.set(key, sites)
    lanes.set(lane, sites)
    return sites
  }
  return {
    allows: (channel, path, site) => {
      const policy = policyOf(channel)
      if (policy?.by === 'primary') return policy.sites.includes(site)
      return policy?.by !== 'pinned' || sitesOf(channel, path).includes(site)
    },
    home: (channel, path) => (policyOf(channel)?.by === 'all' ? undefined : sitesOf(channel, path)[0]),
  }
}

/** A client that has met nobody yet says where the routes alone lead. */
function explained(routes: readonly RouteOptions[], here: Location, channel: string, path: string): readonly string[] {
  const { client } = new Simulation({ seed: 0, sites: SITES }).machine('nobody', { here, routes })
  const topic = TOPICS.find(({ name }) => name === channel)
  if (topic !== undefined) return client.explain('publish', topic, { params: { symbol: unescapeToken(path) } }).sites
  const rpc = RPCS.find(({ name }) => name === channel)
  return rpc === undefined ? client.explain('send', orders).sites : client.explain('request', rpc).sites
}

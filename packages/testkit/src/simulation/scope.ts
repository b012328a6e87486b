import { type RouteOptions, unescapeToken } from '@spanwire/core'
import { SITES } from './company.js'
import { board, book, orders, price, quotes, ticks } from './play.js'
import { Simulation } from './simulation.js'

const TOPICS = [quotes, ticks, board]
const RPCS = [price, book]

/** May what belongs to this channel, and path as drivers are given it, go to the site? */
export type Scope = (channel: string, path: string, site: string) => boolean

/** What these routes let a process do, whatever becomes of the sites. */
export function scopeOf(routes: readonly RouteOptions[]): Scope {
  const pins = new Map<string, readonly string[]>()
  return (channel, path, site) => {
    const policy = routes.find(({ match }) => match === channel || match === '>')?.policy
    if (policy?.by === 'primary') return policy.sites.includes(site)
    if (policy?.by !== 'pinned') return true
    const lane = `${channel} ${path}`
    const homes = pins.get(lane) ?? homesOf(routes, channel, path)
    pins.set(lane, homes)
    return homes.includes(site)
  }
}

/** A client that has met nobody yet says where the routes alone lead. */
function homesOf(routes: readonly RouteOptions[], channel: string, path: string): readonly string[] {
  const { client } = new Simulation({ seed: 0, sites: SITES }).machine('nobody', {
    here: { environment: 'on-prem' },
    routes,
  })
  const topic = TOPICS.find(({ name }) => name === channel)
  if (topic !== undefined) return client.explain('publish', topic, { params: { symbol: unescapeToken(path) } }).sites
  const rpc = RPCS.find(({ name }) => name === channel)
  return rpc === undefined ? client.explain('send', orders).sites : client.explain('request', rpc).sites
}

import { closest } from './closest.js'
import type { Picture, SiteView } from './picture.js'
import type { Policy } from './policy.js'
import { drawFor, rendezvous } from './rendezvous.js'
import { isInScope } from './scope.js'

/** An operation that looks for a site. */
export interface Ask {
  readonly op: 'publish' | 'send' | 'request' | 'subscribe' | 'consume' | 'respond'
  /** The contract's name. */
  readonly channel: string
  /** R1; for a group's subscription the group, so that all its members find the same site (R43). */
  readonly lane: string
  /** Where the lane is at home: kept while no other site is clearly better. */
  readonly home?: string | undefined
  /** Sites that failed this very operation: used when no other site works. */
  readonly avoid?: ReadonlySet<string> | undefined
  /** Why a site cannot take it (a size, an ability), `undefined` when it can. */
  readonly fits?: ((site: string) => string | undefined) | undefined
  readonly random: () => number
}

export interface Choice<Site extends string = string> {
  /** Best first, all that may be used in turn; none: nobody may take it. With `ack`: every one of them takes it. */
  readonly sites: readonly Site[]
  /** Only for publishing under `all`: how many must confirm. */
  readonly ack?: 'any' | 'majority' | 'all'
}

/**
 * Orders the sites for an operation. Pure but for `random`. Sites that are up come first; when there are none, those that came back and
 * have yet to last; then, in panic, those that are draining or suspect, then those that failed this operation, then those not reached. Among equals active goes before standby, then the policy
 * decides. Never, in panic neither: a site outside the policy, a disabled one, one in mode `drain` (I9).
 */
export function choose<Site extends string>(policy: Policy<Site>, ask: Ask, picture: Picture<Site>): Choice<Site> {
  const open = picture.sites.filter((site) => !objection(policy, ask, picture, site))
  if (policy.by === 'all' && ask.op === 'publish') return { sites: names(lines(open, ask, picture)), ack: policy.ack }
  return { sites: names(inOrder(open, policy, ask, picture)) }
}

/** Why a site may not be used at all, as the end of a sentence; `undefined` when it may. */
export function objection(policy: Policy, ask: Ask, picture: Picture, site: SiteView): string | undefined {
  if (!isInScope(policy, site, picture.here)) return 'the policy never goes there'
  if (site.mode === 'drain') return 'it drains and takes no new work'
  if (site.health === 'disabled') return 'it refuses our credentials or certificates'
  if (policy.by === 'pinned' && !policy.failover) {
    const home = pinnedHome(policy, ask, picture)
    if (home !== site.name)
      return home ? `the lane is pinned to ${home}` : 'the lane is pinned to a site that is not here'
  }
  return ask.fits?.(site.name)
}

/** Is the lane not pinned to another site for good, whatever the health of both? */
export function mayHouse(policy: Policy, ask: Pick<Ask, 'channel' | 'lane'>, picture: Picture, site: string): boolean {
  return policy.by !== 'pinned' || policy.failover || pinnedHome(policy, ask, picture) === site
}

/** Lower is better. Sites of one rank are equals before the policy. */
export function rank(site: SiteView, ask: Ask): number {
  const health = HEALTH.indexOf(site.health)
  const avoided = ask.avoid?.has(site.name) ? (health < UNREACHED ? UNREACHED - 0.5 : HEALTH.length) : health
  return avoided + (site.mode === 'standby' ? 0.25 : 0)
}

const HEALTH: readonly SiteView['health'][] = ['up', 'proving', 'draining', 'suspect', 'unknown', 'down', 'disabled']
/** From this place on nothing can be sent now. */
const UNREACHED = 4

/** All lines of `all`: a standby site has one only when no active site is reached. */
function lines<View extends SiteView>(open: readonly View[], ask: Ask, picture: Picture): readonly View[] {
  const active = open.filter((site) => site.mode === 'active')
  const reached = active.some((site) => HEALTH.indexOf(site.health) < UNREACHED)
  return inOrder(reached ? active : open, { by: 'nearest' }, ask, picture)
}

function inOrder<View extends SiteView>(
  open: readonly View[],
  policy: Policy,
  ask: Ask,
  picture: Picture,
): readonly View[] {
  const ranks = open.map((site) => rank(site, ask))
  // Mostly all are well, and this runs for every request.
  if (ranks.every((level) => level === ranks[0])) return byPolicy(open, policy, ask, picture)
  return [...new Set(ranks)]
    .sort((a, b) => a - b)
    .flatMap((level) =>
      byPolicy(
        open.filter((_, at) => ranks[at] === level),
        policy,
        ask,
        picture,
      ),
    )
}

function byPolicy<View extends SiteView>(
  sites: readonly View[],
  policy: Policy,
  ask: Ask,
  picture: Picture,
): readonly View[] {
  if (sites.length < 2) return sites
  const near = { here: picture.here, random: ask.random, home: ask.home }
  switch (policy.by) {
    case 'nearest':
    case 'local':
      return closest(sites, near)
    case 'all':
      // Members of a group must agree, wherever they run.
      return ask.op === 'subscribe' ? rendezvous(sites, drawFor(laneText(ask))) : closest(sites, near)
    case 'primary':
      return [...sites].sort((a, b) => policy.sites.indexOf(a.name) - policy.sites.indexOf(b.name))
    case 'weighted': {
      const share = ({ name }: SiteView) => policy.shares.find(([site]) => site === name)?.[1] ?? 0
      // Requests without a lane have no order to keep: each goes its own way.
      const draw = ask.op === 'request' && !ask.lane ? ask.random : drawFor(laneText(ask))
      const taking = sites.filter((site) => share(site) > 0)
      return [
        ...rendezvous(taking, draw, share),
        ...closest(
          sites.filter((site) => !share(site)),
          near,
        ),
      ]
    }
    case 'pinned': {
      const home = pinnedHome(policy, ask, picture)
      const hashed = rendezvous(sites, drawFor(pinText(policy, ask)))
      return [...hashed.filter(({ name }) => name === home), ...hashed.filter(({ name }) => name !== home)]
    }
    default:
      return policy satisfies never
  }
}

type Pinned = Extract<Policy, { by: 'pinned' }>

/** The one site of a pinned lane. Health has no say: a lane does not wander while its site is away. */
function pinnedHome(policy: Pinned, ask: Pick<Ask, 'channel' | 'lane'>, picture: Picture): string | undefined {
  const { to } = policy
  const named = typeof to === 'string' ? undefined : (own(to, ask.lane.split(':')[0] ?? '') ?? own(to, ask.channel))
  if (named !== undefined) return named
  const inMap = picture.sites.filter(({ name }) => typeof to === 'string' || Object.values(to).includes(name))
  const taking = inMap.filter(({ mode }) => mode !== 'drain')
  const active = taking.filter(({ mode }) => mode === 'active')
  return rendezvous(active.length > 0 ? active : taking, drawFor(pinText(policy, ask)))[0]?.name
}

function own(map: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

function pinText(policy: Pinned, ask: Pick<Ask, 'channel' | 'lane'>): string {
  return policy.to === 'channel' ? ask.channel : laneText(ask)
}

function laneText(ask: Pick<Ask, 'channel' | 'lane'>): string {
  return ask.lane || ask.channel
}

function names<Site extends string>(sites: readonly SiteView<Site>[]): readonly Site[] {
  return sites.map(({ name }) => name)
}

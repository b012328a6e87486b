import { type Ask, choose, objection, rank } from './choose.js'
import { distance } from './distance.js'
import type { Picture, SiteView } from './picture.js'
import { describePolicy, type Policy } from './policy.js'

/** Why a site was, or was not, chosen. Sentences for operators. */
export interface Explanation {
  readonly op: string
  readonly channel: string
  readonly lane: string
  readonly policy: string
  /** Of the routes: 1 until they are changed. */
  readonly generation: number
  /** Best first; under `all`, every one of them. */
  readonly sites: readonly string[]
  readonly trace: readonly string[]
}

/** What {@link choose} would say, with a sentence for each site in that order, then for those that are out. */
export function explain(policy: Policy, ask: Ask, picture: Picture): Explanation {
  const { sites, ack } = choose(policy, ask, picture)
  const views = new Map(picture.sites.map((site) => [site.name, site]))
  const used = sites.flatMap((name, at) => {
    const site = views.get(name)
    return site ? [`${name} is ${place(at, ack !== undefined)}: ${facts(site, ask, picture)}.`] : []
  })
  const unused = picture.sites
    .filter(({ name }) => !sites.includes(name))
    .map(
      (site) =>
        `${site.name} is not used: ${objection(policy, ask, picture, site) ?? 'it is standby, and active sites are left'}.`,
    )
  return {
    op: ask.op,
    channel: ask.channel,
    lane: ask.lane,
    policy: describePolicy(policy),
    generation: picture.generation,
    sites,
    trace: [
      ...panic(
        used.length,
        sites.map((name) => views.get(name)),
        ask,
      ),
      ...used,
      ...unused,
    ],
  }
}

function panic(used: number, sites: readonly (SiteView | undefined)[], ask: Ask): string[] {
  if (used === 0) return ['No site may take it.']
  return sites.some((site) => site && rank(site, ask) < 2) ? [] : ['No site is up: the others are tried in turn.']
}

function place(at: number, everywhere: boolean): string {
  if (everywhere) return 'one of all'
  return at === 0 ? 'chosen' : `next (${at + 1})`
}

function facts(site: SiteView, ask: Ask, picture: Picture): string {
  return [
    site.health,
    site.mode === 'standby' && 'standby',
    ask.avoid?.has(site.name) && 'failed this operation',
    site.name === ask.home && 'at home',
    TIERS[distance(picture.here, site.location)],
    site.rttMs === undefined ? 'not measured' : `${Number(site.rttMs.toFixed(1))} ms`,
    `${site.inflight} on the way`,
  ]
    .filter(Boolean)
    .join(', ')
}

const TIERS = [
  'same zone',
  'same region',
  'same region in another environment',
  'another region',
  'another region and environment',
] as const

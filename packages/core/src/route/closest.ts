import { distance } from './distance.js'
import type { Location, SiteView } from './picture.js'

/** What the order by nearness depends on besides the sites. */
interface Near {
  readonly here: Location
  readonly random: () => number
  /** Goes first while it is among the equally near ones. */
  readonly home?: string | undefined
}

/**
 * Sites by location tier, then round trip. First is the less loaded of two drawn at random from the nearest tier's latency
 * window: its fastest site plus 15 ms or a quarter, whatever is more.
 */
export function closest<View extends SiteView>(sites: readonly View[], near: Near): View[] {
  const byNearness = sites
    .map((site) => {
      const tier = distance(near.here, site.location)
      return { site, tier, rttMs: site.rttMs ?? TYPICAL_MS[tier] }
    })
    .sort((a, b) => a.tier - b.tier || a.rttMs - b.rttMs)
  const [best] = byNearness
  if (!best) return []
  const limitMs = best.rttMs + Math.max(15, best.rttMs / 4)
  const window = byNearness.filter(({ tier, rttMs }) => tier === best.tier && rttMs <= limitMs)
  const first = window.find(({ site }) => site.name === near.home) ?? lighterOfTwo(window, near.random) ?? best
  return [first, ...byNearness.filter((other) => other !== first)].map(({ site }) => site)
}

interface Candidate {
  readonly site: SiteView
  readonly rttMs: number
}

function lighterOfTwo<Some extends Candidate>(window: readonly Some[], random: () => number): Some | undefined {
  const at = Math.floor(random() * window.length)
  const one = window[at]
  if (!one || window.length === 1) return one
  const other = window[(at + 1 + Math.floor(random() * (window.length - 1))) % window.length]
  return other && load(other) < load(one) ? other : one
}

/** A clock may measure 0 ms; work on its way must weigh all the same. */
function load({ site, rttMs }: Candidate): number {
  return Math.max(rttMs, 0.01) * (site.inflight + 1)
}

/** Until a site has been measured, by tier. */
const TYPICAL_MS = [1, 2, 10, 40, 80] as const

import { murmur2 } from '../contract/murmur2.js'

/**
 * Sites in the order in which a text falls to them, each first for its share of all texts. Raising one share moves texts towards
 * that site only; losing a site moves only its own. Shares are above 0. Weighted rendezvous hashing: the smallest of independent
 * exponential times with these rates.
 */
export function rendezvous<View extends { readonly name: string }>(
  text: string,
  sites: readonly View[],
  shareOf: (site: View) => number = () => 1,
): View[] {
  return sites
    .map((site) => ({ site, time: -Math.log(uniform(`${site.name}/${text}`)) / shareOf(site) }))
    .sort((a, b) => a.time - b.time)
    .map(({ site }) => site)
}

/** In (0, 1). */
function uniform(text: string): number {
  return ((murmur2(text) >>> 0) + 0.5) / 2 ** 32
}

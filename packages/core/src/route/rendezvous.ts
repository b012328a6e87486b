import { murmur2 } from '../contract/murmur2.js'

/**
 * Sites in the order in which something falls to them, each first for its share of all. Raising one share moves things towards that
 * site only; losing a site moves only its own. Weighted rendezvous hashing: the smallest of independent exponential times with
 * the shares, all above 0, as rates. `draw` gives a site's number in [0, 1): {@link drawFor} a text always the same.
 */
export function rendezvous<View extends { readonly name: string }>(
  sites: readonly View[],
  draw: (site: View) => number,
  shareOf: (site: View) => number = () => 1,
): View[] {
  return sites
    .map((site) => ({ site, time: -Math.log(draw(site)) / shareOf(site) }))
    .sort((a, b) => a.time - b.time)
    .map(({ site }) => site)
}

/** Numbers that depend on the text and a site's name alone, the same in every process. */
export function drawFor(text: string): (site: { readonly name: string }) => number {
  return ({ name }) => ((murmur2(`${name}/${text}`) >>> 0) + 0.5) / 2 ** 32
}

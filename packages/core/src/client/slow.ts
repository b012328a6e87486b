import { distance } from '../route/distance.js'
import { Pace } from '../session/pace.js'
import type { Context } from './context.js'

/** Slower than this, and so many times slower than another one that is no nearer, a site is ill. */
const LEAST_MS = 100
const TIMES = 5

/** Begins to take the paces of the sites; from then on, tells the {@link slowSites}. */
export function watchPaces(context: Context): NonNullable<Context['slow']> {
  for (const { timing } of context.sessions.values()) timing.pace = new Pace(context.runtime)
  return () => slowSites(context)
}

/**
 * Sites that answer far more slowly than another one does that is up and no nearer: used when no other works, each with the end of a
 * sentence that begins with its name. What is at home there stays.
 */
function slowSites({ picture, sessions }: Context): ReadonlyMap<string, string> {
  const slow = new Map<string, string>()
  const paces = [...sessions.values()].flatMap(({ site, state, timing }) => {
    const ms = state.at === 'up' ? timing.pace?.median() : undefined
    return ms === undefined ? [] : [{ site, ms }]
  })
  // Mostly there is nobody to compare with, and this runs for every request.
  if (paces.length < 2 || !paces.some(({ ms }) => ms > LEAST_MS)) return slow
  const { here, sites } = picture()
  const tier = (name: string) =>
    sites.flatMap((one) => (one.name === name ? [distance(here, one.location)] : []))[0] ?? 0
  for (const { site, ms } of paces) {
    const better = paces.find((other) => ms > Math.max(LEAST_MS, TIMES * other.ms) && tier(other.site) >= tier(site))
    if (better === undefined) continue
    const text = `is slow: half of its answers took more than ${Math.round(ms)} ms, those of ${better.site} ${better.ms.toFixed(1)} ms`
    slow.set(site, text)
  }
  return slow
}

import type { Evidence } from './evidence.js'

/** A site that was lost has to last before work returns to it, twice as long after each further outage, ms. */
const HOLD_MS = 30_000
const HOLD_CAP_MS = 300_000

/** The return after that: jitter, its four steps, and what a lane has on its way, which ends first, ms. */
const RETURN_MS = 10_000 + 20_000 + 30_000

interface Stay {
  readonly channel: string
  readonly path: string
  readonly site: string
  readonly atMs: number
}

/** When a site has lasted for long enough, the lanes that belong there are back. */
export function* goesHome(seen: Evidence): Iterable<string> {
  for (const process of new Set(seen.followed.map((one) => one.process))) {
    if (seen.records.ends.has(process)) continue
    const routes = seen.followed.findLast((one) => one.process === process)
    for (const { atMs, channel, path, site } of lastStays(seen, process)) {
      const home = routes?.home(channel, path)
      if (routes === undefined || home === undefined || home === site) continue
      if (wasIll(seen, channel, home)) continue
      const dueMs = Math.max(routes.atMs, trustedMs(seen, process, home)) + RETURN_MS
      if (dueMs < seen.endMs)
        yield `${process} has ${channel} ${path} at ${site} since ${atMs.toFixed(0)}, and it belongs to ${home}, which was to have it back by ${dueMs.toFixed(0)}`
    }
  }
}

/** One lane may have left a channel that refused it once and was never taken for ill: it comes back with the next return to the site, or `failback()`, and nothing says when. */
function wasIll({ plan }: Evidence, channel: string, site: string): boolean {
  return plan.some(
    ({ fault }) =>
      (fault.what === 'stalled' || fault.what === 'leaderless') && fault.site === site && fault.channel === channel,
  )
}

/** Where each lane of a process was last, by what it sent and by what it said of moves. */
function lastStays({ records, tally }: Evidence, process: string): Iterable<Stay> {
  const stays = new Map<string, Stay>()
  for (const one of tally.sends.get(process) ?? [])
    if (!one.again && one.kind !== 'rpc') stays.set(`${one.channel} ${one.path}`, one)
  for (const { atMs, channel: lane, machine, to } of records.moves) {
    if (machine !== process) continue
    const [channel = '', path = ''] = lane.split('.')
    const before = stays.get(`${channel} ${path}`)
    if (before === undefined || before.atMs <= atMs) stays.set(`${channel} ${path}`, { channel, path, site: to, atMs })
  }
  return stays.values()
}

/** When the site has proved itself to this process at the latest, if nothing more happens. */
function trustedMs({ endMs, plan, records }: Evidence, process: string, site: string): number {
  const states = records.states.filter((one) => one.machine === process && one.site === site && one.atMs < endMs)
  const outages = states.filter(({ to }, at) => to === 'waiting' && states[at - 1]?.to !== 'dialing').length
  const last = states.at(-1)
  if (last?.to !== 'up') return Infinity
  const calmMs = Math.max(last.atMs, ...plan.map(({ atMs, fault }) => atMs + fault.forMs))
  return calmMs + (outages > 0 ? Math.min(HOLD_CAP_MS, HOLD_MS * 2 ** (outages - 1)) : 0)
}

import type { Evidence } from './evidence.js'

/** A site that was lost has to last before work returns to it, twice as long after each further outage, ms. */
const HOLD_MS = 30_000
const HOLD_CAP_MS = 300_000

/** The return after that: jitter, its four steps, and what a lane has on its way, which ends first, ms. */
const RETURN_MS = 10_000 + 20_000 + 30_000

/** A channel that was ill is left alone for so long, twice as long after each further time, and a fifth more by chance, ms. */
const ILL_MS = 5_000
const ILL_CAP_MS = 300_000

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
      const wellMs = trustedMs(seen, process, home) + leftAloneMs(seen, channel, home)
      const dueMs = Math.max(routes.atMs, wellMs) + RETURN_MS
      if (dueMs < seen.endMs)
        yield `${process} has ${channel} ${path} at ${site} since ${atMs.toFixed(0)}, and it belongs to ${home}, which was to have it back by ${dueMs.toFixed(0)}`
    }
  }
}

/** How long sends stay away at most from a channel that did not take them though its site was well. */
function leftAloneMs({ plan }: Evidence, channel: string, site: string): number {
  let times = 0
  for (const { fault } of plan)
    if ((fault.what === 'stalled' || fault.what === 'leaderless') && fault.site === site && fault.channel === channel)
      times += Math.ceil(Math.log2(2 + fault.forMs / ILL_MS))
  return times === 0 ? 0 : 1.2 * Math.min(ILL_CAP_MS, ILL_MS * 2 ** times)
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

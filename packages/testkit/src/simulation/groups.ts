import { describe, type Evidence, machineOf } from './evidence.js'
import type { Timed } from './plan.js'
import { trades } from './play.js'
import type { Share } from './record.js'
import { isExcused } from './survival.js'

/** What had gone wrong so long before may have lost an acknowledgement, or the lease that ends by now, ms. */
const SHADOW_MS = 35_000

/** What was acknowledged is handled by some member, wherever members were at the time. */
export function* membersHandle(seen: Evidence): Iterable<string> {
  const { acts, members, shares } = seen.records
  const handled = new Set(shares.filter(isHandled).map(({ token }) => token))
  const beganMs = Math.min(...members.map(({ readyMs }) => readyMs))
  for (const act of acts) {
    if (act.channel !== trades.name || act.outcome !== 'done' || act.atMs <= beganMs || handled.has(act.token)) continue
    if (!isExcused(seen, act))
      yield `no member of the group ever handled ${describe(act)}, which ${act.sites?.join()} had acknowledged`
  }
}

/**
 * By one subscription once; by another one as well where a copy at another site says that it is one, where a publisher that may not have heard
 * its acknowledgement sent it again and said so, or where a member's acknowledgement may be lost. That a site gave it before explains nothing:
 * it was to hear that it was handled.
 */
export function* membersHandleOnce({ plan, records }: Evidence): Iterable<string> {
  const before = new Map<number, Share>()
  const acts = new Map(records.acts.map((act) => [act.token, act]))
  for (const one of records.shares) {
    const first = before.get(one.token)
    if (first === undefined) {
      if (isHandled(one)) before.set(one.token, one)
      continue
    }
    if (one.uncertain || one.atMs < first.handledMs) continue
    const act = acts.get(one.token)
    const isCopy = one.again && act !== undefined && wasTroubled(plan, { ...act, site: one.site }, one.atMs)
    const isExplained =
      one.site === first.site ? isCopy || wasTroubled(plan, first, one.atMs) : one.again || first.again
    if (one.member === first.member) yield `${told(one)}, which it had handled`
    else if (!isExplained)
      yield `${told(one)}, which ${first.machine} had handled at ${first.handledMs.toFixed(0)}, with no reason and no flag`
  }
}

/** At each site the numbers of a source ascend over all members; what comes again has come before, or says so. */
export function* membersKeepOrder({ records }: Evidence): Iterable<string> {
  const highest = new Map<string, number>()
  const given = new Set<number>()
  for (const one of records.shares) {
    const key = `${one.source} ${one.site}`
    const high = highest.get(key) ?? 0
    const { seq = 0 } = one
    if (seq < high && !one.late && !one.again && !given.has(one.token))
      yield `${told(one)} as ${one.source}.${seq}, behind ${high}`
    highest.set(key, Math.max(high, seq))
    given.add(one.token)
  }
}

function isHandled({ handledMs }: Share): boolean {
  return handledMs < Infinity
}

function told({ atMs, machine, site, token }: Share): string {
  return `${machine} of the group was given ${token} by ${site} at ${atMs.toFixed(0)}`
}

/** May what the site and the machine said to each other have been lost? */
function wasTroubled(
  plan: readonly Timed[],
  { atMs, machine, site }: Pick<Share, 'atMs' | 'machine' | 'site'>,
  untilMs: number,
): boolean {
  return plan.some(({ atMs: from, fault }) => {
    if (from > untilMs || from + fault.forMs < atMs - SHADOW_MS) return false
    if ('site' in fault && fault.site !== site) return false
    if ('machines' in fault) return fault.machines.includes(machineOf(machine))
    return !('machine' in fault) || fault.machine === undefined || fault.machine === machineOf(machine)
  })
}

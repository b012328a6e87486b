import { about, describe, type Evidence, machineOf } from './evidence.js'
import type { Timed } from './plan.js'
import type { Act } from './record.js'

/** After a heal: how long until everything works again (backoff cap, dial, report times), ms. */
const RECOVERY_MS = 45_000

/** A promise may settle so much later than its deadline, ms. */
const LATENESS_MS = 60

/** How long a site that was left has to last before work returns to it: at first, and at most, ms. */
const HOLD_MS = 30_000
const HOLD_CAP_MS = 300_000

/** In ten seconds, before what is new and what is retained count. */
const MAX_COPIES = 100

/** Of one machine to one site: the link, and two more in a race. */
const MAX_LINKS = 3

/** Of one request, those included that were refused because nobody was there. */
const MAX_SENDS = 3

export function* completedJobsRunOnce({ records }: Evidence): Iterable<string> {
  const done = new Map<string, number>()
  for (const run of records.runs) {
    if (run.kind !== 'job') continue
    const key = `${run.machine} ${run.token}`
    if (run.atMs > (done.get(key) ?? Number.POSITIVE_INFINITY))
      yield `${run.machine} ran job ${run.token} again at ${run.atMs.toFixed(0)} after it had completed it`
    if (run.result === 'done') done.set(key, Math.min(run.endMs, done.get(key) ?? Number.POSITIVE_INFINITY))
  }
}

/** Acknowledged is what this consumer has completed, or gave up as a dead letter. */
export function* settlesWhatItRan({ records, tally }: Evidence): Iterable<string> {
  const done = new Map<string, number>()
  for (const run of records.runs) {
    const key = `${run.machine} ${run.token}`
    if (run.kind === 'job' && run.result === 'done')
      done.set(key, Math.min(run.endMs, done.get(key) ?? Number.POSITIVE_INFINITY))
  }
  for (const { machine, site, token, atMs } of tally.acks) {
    if (atMs < (done.get(`${machine} ${token}`) ?? Number.POSITIVE_INFINITY))
      yield `${machine} acknowledged job ${token} at ${site} at ${atMs.toFixed(0)} without having done it`
  }
}

export function* jobsAreDone(seen: Evidence): Iterable<string> {
  const done = new Set(
    seen.records.runs.filter((run) => run.kind === 'job' && run.result === 'done').map((run) => run.token),
  )
  for (const act of seen.records.acts) {
    if (act.kind !== 'send' || act.outcome !== 'done' || done.has(act.token)) continue
    const destroyed = act.sites?.some((site) => seen.wiped.get(site)?.some((at) => at > act.atMs))
    if (!destroyed && act.atMs < seen.healedMs) yield `${describe(act)} was acknowledged and never done`
  }
}

export function* settlesInTime(seen: Evidence): Iterable<string> {
  for (const act of seen.records.acts) {
    const due = act.deadlineMs + stallBehind(seen.plan, act) + LATENESS_MS
    if (act.settledMs > due && due < seen.endMs)
      yield `${describe(act)} was due at ${act.deadlineMs.toFixed(0)} and settled at ${act.settledMs.toFixed(0)}`
  }
}

/** What its own machine slept since it began. */
function stallBehind(plan: readonly Timed[], act: Act): number {
  let sum = 0
  for (const { atMs, fault } of plan) {
    if (fault.what === 'stall' && fault.machine === machineOf(act.machine) && atMs + fault.forMs > act.atMs)
      sum += fault.forMs
  }
  return sum
}

export function* identityStands({ tally }: Evidence): Iterable<string> {
  for (const id of tally.altered) yield `${id} was sent with two bodies`
  for (const [source, seqs] of tally.seqs) {
    const high = Math.max(...seqs)
    if (seqs.size !== high) yield `${source} has ${seqs.size} numbers up to ${high}`
  }
}

export function* worksAfterwards(seen: Evidence): Iterable<string> {
  for (const act of seen.records.acts) {
    if (act.atMs < seen.healedMs + RECOVERY_MS || act.deadlineMs > seen.endMs) continue
    if (act.outcome !== 'done')
      yield `${describe(act)} ended ${act.outcome} ${act.code ?? ''} though all had healed at ${seen.healedMs.toFixed(0)}`
  }
}

export function* staysWithinPolicy({ followed, tally }: Evidence): Iterable<string> {
  for (const [process, sends] of tally.sends) {
    const routes = followed.filter((one) => one.process === process)
    let at = 0
    for (const { atMs, channel, path, site } of sends) {
      while ((routes[at + 1]?.atMs ?? Infinity) < atMs) at++
      const [now, next] = routes.slice(at, at + 2)
      // What is sent at the instant of a change may go by either.
      const isFree =
        now?.allows(channel, path, site) !== false || (next?.atMs === atMs && next.allows(channel, path, site))
      if (!isFree)
        yield `${process} sent to ${site} on ${channel} ${path} at ${atMs.toFixed(0)}, which its routes exclude since ${now?.atMs.toFixed(0)}`
    }
  }
}

/** A return costs its readers more than staying: each one waits longer than the one before. */
export function* returnsSeldom({ records, endMs, primary, followed }: Evidence): Iterable<string> {
  const most = 1 + Math.log2(HOLD_CAP_MS / HOLD_MS) + endMs / HOLD_CAP_MS
  const returns = new Map<string, number>()
  for (const { machine, channel, from, to, atMs } of records.moves) {
    const left = records.states.findLast((one) => one.machine === machine && one.site === from && one.atMs <= atMs)
    if (primary.get(channel.split('.')[0] ?? '') !== to || left?.to !== 'up') continue
    const key = `${machine} ${channel}`
    returns.set(key, (returns.get(key) ?? 0) + 1)
  }
  for (const [what, count] of returns) {
    // Other routes, and those of before, are a move each.
    const pushed = followed.filter(({ process }) => process === what.split(' ')[0]).length - 1
    if (count > most + pushed) yield `${what} returned ${count} times in ${endMs} ms`
  }
}

/** Over any ten seconds: a fifth of what is new, ten a second, and after each loss what was retained. */
export function* repeatsWithinBudget({ tally, retainMs, sites }: Evidence): Iterable<string> {
  for (const [machine, sends] of tally.sends) {
    if (sends.filter(({ again }) => again).length <= MAX_COPIES) continue
    const found = sends.find(({ atMs, again }, at) => {
      if (!again) return false
      const since = (ms: number): typeof sends => sends.slice(0, at + 1).filter((one) => one.atMs > atMs - ms)
      const ten = since(10_000)
      const copies = ten.filter((one) => one.again).length
      const retained = sites.length * since(retainMs + 10_000).filter((one) => !one.again).length
      return copies > 0.2 * (ten.length - copies) + MAX_COPIES + retained
    })
    if (found !== undefined) yield `${machine} sends too much again, ${found.atMs.toFixed(0)}`
  }
}

export function* dialsFew({ tally }: Evidence): Iterable<string> {
  if (tally.mostOpen > MAX_LINKS) yield `a machine had ${tally.mostOpen} connections to one site at a time`
}

export function* leavesNothing({ left }: Evidence): Iterable<string> {
  for (const [what, count] of Object.entries(left)) if (count > 0) yield `${count} ${what} left after close()`
}

export function* asksOnce({ records, tally }: Evidence): Iterable<string> {
  const runs = new Map<number, number>()
  for (const run of records.runs) if (run.kind === 'request') runs.set(run.token, (runs.get(run.token) ?? 0) + 1)
  for (const act of records.acts) {
    if (act.kind !== 'request' || act.channel !== 'book') continue
    const sends = tally.requests.get(JSON.stringify({ token: act.token })) ?? 0
    if (sends > MAX_SENDS) yield `${describe(act)} was sent ${sends} times`
    if ((runs.get(act.token) ?? 0) > 1) yield `${describe(act)} was run ${runs.get(act.token)} times`
  }
}

export function* stallsMoveNothing({ plan, records }: Evidence): Iterable<string> {
  if (plan.length === 0 || !plan.every(({ fault }) => fault.what === 'stall')) return
  const first = plan[0]?.atMs ?? 0
  for (const state of records.states) {
    if (state.atMs > first && state.to !== 'up' && state.to !== 'closed')
      yield `${state.machine} saw ${state.site} as ${state.to}: ${state.reason}`
  }
  for (const reading of records.readings)
    for (const gap of reading.gaps) yield `${about(reading)} was told of a gap at ${gap.source}.${gap.first}`
}

export function* failedIsNeverDelivered({ records }: Evidence): Iterable<string> {
  const failed = new Map(records.acts.filter((act) => act.outcome === 'failed').map((act) => [act.token, act]))
  for (const reading of records.readings) {
    for (const one of reading.given) {
      const act = failed.get(one.token)
      if (act !== undefined) yield `${about(reading)} was given ${describe(act)}, which had failed with ${act.code}`
    }
  }
  for (const run of records.runs) {
    const act = failed.get(run.token)
    // An answer that says "it failed" was run; only what the caller was told did not happen must not have.
    if (act !== undefined && act.code !== 'remote')
      yield `${run.machine} ran ${describe(act)}, which had failed with ${act.code}`
  }
}

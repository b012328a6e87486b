import { about, describe, type Evidence } from './evidence.js'
import type { Timed } from './plan.js'
import type { Act } from './record.js'

/** After a heal: how long until everything works again (backoff cap, dial, report times), ms. */
const RECOVERY_MS = 45_000

/** A promise may settle so much later than its deadline, ms. */
const LATENESS_MS = 60

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
    if (fault.what === 'stall' && fault.machine === act.machine && atMs + fault.forMs > act.atMs) sum += fault.forMs
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

export function* staysWithinPolicy({ tally, allowed }: Evidence): Iterable<string> {
  for (const [channel, sites] of tally.sentTo) {
    for (const site of sites) if (!allowed.has(site)) yield `${channel} was sent to ${site}, which its policy excludes`
  }
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

import type { Timed } from './fault.js'
import type { Act, Reading, Records } from './record.js'
import type { Tally } from './tally.js'

/** A promise that was broken: which one (`I1` to `I20`), and what was seen. */
export interface Violation {
  readonly invariant: string
  readonly what: string
}

/** Everything that the judge sees: both ends, the wire, and what went wrong when. */
export interface Evidence {
  readonly records: Records
  readonly tally: Tally
  readonly plan: readonly Timed[]
  /** By site: when its data was destroyed. */
  readonly wiped: ReadonlyMap<string, readonly number[]>
  /** From then on nothing was wrong any more, ms. */
  readonly healedMs: number
  readonly endMs: number
  /** How long a publisher keeps what was acknowledged, ms. */
  readonly retainMs: number
  readonly allowed: ReadonlySet<string>
  /** What the readers' tables show at the end, by machine. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** What was left after everything was closed: links, receptions, timers. */
  readonly left: Readonly<Record<string, number>>
}

type Rule = (seen: Evidence) => Iterable<string>

/** After a heal: how long until everything works again (backoff cap, dial, report times), ms. */
const RECOVERY_MS = 45_000
/** Longer than this behind an acknowledgement, a publisher may have forgotten it. */
const RETAIN_SLACK_MS = 3_000
/** A promise may settle so much later than its deadline, ms. */
const LATENESS_MS = 60

const RULES: readonly (readonly [invariant: string, rule: Rule])[] = [
  ['I1', givenOnce],
  ['I1', completedJobsRunOnce],
  ['I2', reportedOnce],
  ['I2', nothingLostSilently],
  ['I3', survives],
  ['I3', jobsAreDone],
  ['I4', settlesInTime],
  ['I5', identityStands],
  ['I6', inOrder],
  ['I8', worksAfterwards],
  ['I9', staysWithinPolicy],
  ['I12', leavesNothing],
  ['I14', asksOnce],
  ['I16', stallsMoveNothing],
  ['I17', failedIsNeverDelivered],
  ['I18', tablesAgree],
]

/** Of one request, those included that were refused because nobody was there. */
const MAX_SENDS = 3

/** At most so many of one kind are named. */
const MAX_NAMED = 10

export function judge(seen: Evidence): Violation[] {
  const found: Violation[] = []
  for (const [invariant, rule] of RULES) {
    let named = 0
    for (const what of rule(seen)) {
      found.push({ invariant, what })
      if (++named === MAX_NAMED) break
    }
  }
  return found
}

function* givenOnce({ records }: Evidence): Iterable<string> {
  for (const reading of records.readings) {
    const tokens = new Set<number>()
    for (const one of reading.given) {
      if (tokens.has(one.token) && !one.uncertain) yield `${about(reading)} was given ${one.token} twice`
      tokens.add(one.token)
    }
  }
}

function* completedJobsRunOnce({ records }: Evidence): Iterable<string> {
  const done = new Map<string, number>()
  for (const run of records.runs) {
    if (run.kind !== 'job') continue
    const key = `${run.machine} ${run.token}`
    if (run.atMs > (done.get(key) ?? Number.POSITIVE_INFINITY))
      yield `${run.machine} ran job ${run.token} again at ${run.atMs.toFixed(0)} after it had completed it`
    if (run.result === 'done') done.set(key, Math.min(run.endMs, done.get(key) ?? Number.POSITIVE_INFINITY))
  }
}

function* reportedOnce({ records }: Evidence): Iterable<string> {
  for (const reading of records.readings) {
    const reported = new Set<string>()
    const closed = new Set<string>()
    for (const gap of reading.gaps) {
      for (let seq = gap.first; seq <= gap.last; seq++) {
        const key = `${gap.source}.${seq}`
        if (reported.has(key)) yield `${about(reading)} was told twice that ${key} is missing`
        reported.add(key)
      }
    }
    for (const { source, seq } of reading.closed) {
      const key = `${source}.${seq}`
      if (closed.has(key)) yield `${about(reading)} was told twice that ${key} has come`
      if (!reported.has(key)) yield `${about(reading)} was told that ${key} has come, but not that it was missing`
      closed.add(key)
    }
  }
}

/** Acknowledged, owed to a durable reader, and not there. */
function* missing(seen: Evidence): Iterable<{ reading: Reading; act: Act; reported: boolean }> {
  for (const reading of seen.records.readings) {
    if (reading.order !== 'strict' || reading.leftMs < seen.endMs) continue
    const given = new Set(reading.given.map((one) => one.token))
    for (const act of seen.records.acts) {
      if (act.channel !== reading.channel || act.outcome !== 'done' || act.atMs <= reading.readyMs) continue
      if (given.has(act.token)) continue
      yield { reading, act, reported: isReported(reading, act.id ?? '') }
    }
  }
}

function isReported(reading: Reading, id: string): boolean {
  const [source, seq] = id.split('.')
  return reading.gaps.some((gap) => gap.source === source && gap.first <= Number(seq) && Number(seq) <= gap.last)
}

function* nothingLostSilently(seen: Evidence): Iterable<string> {
  for (const { reading, act, reported } of missing(seen)) {
    // Its lane's last message can only be missed once a mark or a later one tells of it.
    if (!reported && hasSuccessor(reading, act)) yield `${about(reading)} never got ${describe(act)} and was not told`
  }
}

function hasSuccessor(reading: Reading, act: Act): boolean {
  const [source, seq] = (act.id ?? '').split('.')
  return reading.given.some((one) => one.source === source && (one.seq ?? 0) > Number(seq))
}

function* survives(seen: Evidence): Iterable<string> {
  for (const { reading, act } of missing(seen)) {
    if (!isExcused(seen, act))
      yield `${about(reading)} never got ${describe(act)}, which ${act.sites?.join()} had acknowledged`
  }
}

/** Every site that acknowledged it was destroyed when its publisher need not have it any more. */
function isExcused(seen: Evidence, act: Act): boolean {
  const sites = act.sites ?? []
  return sites.every((site) =>
    (seen.wiped.get(site) ?? []).some((at) => at - act.settledMs > seen.retainMs - RETAIN_SLACK_MS),
  )
}

function* jobsAreDone(seen: Evidence): Iterable<string> {
  const done = new Set(
    seen.records.runs.filter((run) => run.kind === 'job' && run.result === 'done').map((run) => run.token),
  )
  for (const act of seen.records.acts) {
    if (act.kind !== 'send' || act.outcome !== 'done' || done.has(act.token)) continue
    const destroyed = act.sites?.some((site) => seen.wiped.get(site)?.some((at) => at > act.atMs))
    if (!destroyed && act.atMs < seen.healedMs) yield `${describe(act)} was acknowledged and never done`
  }
}

function* settlesInTime(seen: Evidence): Iterable<string> {
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

function* identityStands({ tally }: Evidence): Iterable<string> {
  for (const id of tally.altered) yield `${id} was sent with two bodies`
  for (const [source, seqs] of tally.seqs) {
    const high = Math.max(...seqs)
    if (seqs.size !== high) yield `${source} has ${seqs.size} numbers up to ${high}`
  }
}

function* inOrder({ records }: Evidence): Iterable<string> {
  for (const reading of records.readings) {
    if (reading.order === 'arrival') continue
    const last = new Map<string, number>()
    for (const one of reading.given) {
      if (one.source === undefined || one.seq === undefined) continue
      const before = last.get(one.source) ?? 0
      if (one.seq < before && (!one.late || reading.order === 'newest'))
        yield `${about(reading)} was given ${one.source}.${one.seq} behind ${before}, not flagged late`
      last.set(one.source, Math.max(before, one.seq))
    }
  }
}

function* worksAfterwards(seen: Evidence): Iterable<string> {
  for (const act of seen.records.acts) {
    if (act.atMs < seen.healedMs + RECOVERY_MS || act.deadlineMs > seen.endMs) continue
    if (act.outcome !== 'done')
      yield `${describe(act)} ended ${act.outcome} ${act.code ?? ''} though all had healed at ${seen.healedMs.toFixed(0)}`
  }
}

function* staysWithinPolicy({ tally, allowed }: Evidence): Iterable<string> {
  for (const [channel, sites] of tally.sentTo) {
    for (const site of sites) if (!allowed.has(site)) yield `${channel} was sent to ${site}, which its policy excludes`
  }
}

function* leavesNothing({ left }: Evidence): Iterable<string> {
  for (const [what, count] of Object.entries(left)) if (count > 0) yield `${count} ${what} left after close()`
}

function* asksOnce({ records, tally }: Evidence): Iterable<string> {
  const runs = new Map<number, number>()
  for (const run of records.runs) if (run.kind === 'request') runs.set(run.token, (runs.get(run.token) ?? 0) + 1)
  for (const act of records.acts) {
    if (act.kind !== 'request' || act.channel !== 'book') continue
    const sends = tally.requests.get(JSON.stringify({ token: act.token })) ?? 0
    if (sends > MAX_SENDS) yield `${describe(act)} was sent ${sends} times`
    if ((runs.get(act.token) ?? 0) > 1) yield `${describe(act)} was run ${runs.get(act.token)} times`
  }
}

function* stallsMoveNothing({ plan, records }: Evidence): Iterable<string> {
  if (plan.length === 0 || !plan.every(({ fault }) => fault.what === 'stall')) return
  const first = plan[0]?.atMs ?? 0
  for (const state of records.states) {
    if (state.atMs > first && state.to !== 'up' && state.to !== 'closed')
      yield `${state.machine} saw ${state.site} as ${state.to}: ${state.reason}`
  }
  for (const reading of records.readings)
    for (const gap of reading.gaps) yield `${about(reading)} was told of a gap at ${gap.source}.${gap.first}`
}

function* failedIsNeverDelivered({ records }: Evidence): Iterable<string> {
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

function* tablesAgree({ tables }: Evidence): Iterable<string> {
  const [first, ...others] = [...tables]
  if (first === undefined) return
  for (const [machine, table] of others) {
    for (const path of new Set([...first[1].keys(), ...table.keys()])) {
      const [one, other] = [first[1].get(path), table.get(path)]
      if (one !== other) yield `${first[0]} shows ${one} for ${path}, ${machine} shows ${other}`
    }
  }
}

function about(reading: Reading): string {
  return `${reading.machine}, who reads ${reading.channel},`
}

function describe(act: Act): string {
  const id = act.id === undefined ? '' : ` (${act.id})`
  return `${act.kind} ${act.token} on ${act.channel}${act.path === '' ? '' : `.${act.path}`}${id} of ${act.machine} at ${act.atMs.toFixed(0)}`
}

import { about, describe, type Evidence, machineOf } from './evidence.js'
import type { Fault } from './fault.js'
import type { Timed } from './plan.js'
import type { Act, Reading } from './record.js'

/** By then a client knows that a site is away, ms. */
const NOTICED_MS = 5_000

/** A mark, the wait for a site that is away, and what the network takes, ms. */
const TOLD_MS = 75_000

/** Before that nobody but its publisher need know of it (R16), ms. */
const MARKED_MS = 6_000

export function* givenOnce({ records }: Evidence): Iterable<string> {
  for (const reading of records.readings) {
    const tokens = new Set<number>()
    for (const one of reading.given) {
      if (tokens.has(one.token) && !one.uncertain) yield `${about(reading)} was given ${one.token} twice`
      tokens.add(one.token)
    }
  }
}

export function* reportedOnce({ records }: Evidence): Iterable<string> {
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

/** A gap that never closed is one that may be: never acknowledged for sure, or destroyed. */
export function* reportsWhatMayBeLost(seen: Evidence): Iterable<string> {
  const acts = new Map(seen.records.acts.map((act) => [act.token, act]))
  for (const reading of seen.records.readings) {
    const closed = new Set(reading.closed.map(({ source, seq }) => `${source}.${seq}`))
    for (const gap of reading.gaps) {
      for (let seq = gap.first; seq <= gap.last; seq++) {
        const key = `${gap.source}.${seq}`
        const act = acts.get(seen.tally.tokens.get(key) ?? -1)
        if (closed.has(key) || act === undefined || act.outcome === 'unknown') continue
        if (act.outcome === 'failed')
          yield `${about(reading)} was told that ${key} is missing, but ${describe(act)} was refused`
      }
    }
  }
}

/** Found missing though it lay at a site that could not be reached: that site has to be waited for, or named. */
export function* waitsForSites(seen: Evidence): Iterable<string> {
  const acts = new Map(seen.records.acts.map((act) => [act.token, act]))
  for (const reading of seen.records.readings) {
    const closed = new Set(reading.closed.map(({ source, seq }) => `${source}.${seq}`))
    for (const { source, first, last, reason, atMs } of reading.gaps) {
      for (let seq = first; seq <= last; seq++) {
        const act = acts.get(seen.tally.tokens.get(`${source}.${seq}`) ?? -1)
        const site = act?.sites?.length === 1 ? act.sites[0] : undefined
        if (!act || !site || !closed.has(`${source}.${seq}`) || reason === 'site-unreachable') continue
        if (act.settledMs < atMs - NOTICED_MS && wasAway(seen.plan, machineOf(reading.machine), site, atMs))
          yield `${about(reading)} was told at ${atMs.toFixed(0)} that ${describe(act)} is missing, while ${site}, which has it, was away`
      }
    }
  }
}

function wasAway(plan: readonly Timed[], machine: string, site: string, atMs: number): boolean {
  return plan.some(({ atMs: from, fault }) => {
    if (fault.what !== 'kill' && fault.what !== 'hang' && fault.what !== 'cut') return false
    if (fault.site !== site || ('machine' in fault && fault.machine !== undefined && fault.machine !== machine))
      return false
    return from < atMs - NOTICED_MS && atMs < from + fault.forMs
  })
}

/** Acknowledged, owed to a durable reader, and not there. */
export function* missing(seen: Evidence): Iterable<{ reading: Reading; act: Act; reported: boolean }> {
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

function isReported(reading: Reading, id: string, byMs = Number.POSITIVE_INFINITY): boolean {
  const [source, text] = id.split('.')
  const seq = Number(text)
  return reading.gaps.some((gap) => gap.source === source && gap.first <= seq && seq <= gap.last && gap.atMs <= byMs)
}

export function* nothingLostSilently(seen: Evidence): Iterable<string> {
  for (const { reading, act, reported } of missing(seen)) {
    // Its lane's last message can only be missed once a mark or a later one tells of it.
    if (!reported && hasSuccessor(reading, act)) yield `${about(reading)} never got ${describe(act)} and was not told`
  }
}

/** What was acknowledged is given or told to be missing, also where only its publisher's marks can tell of it (R16, R35). */
export function* tellsInTime(seen: Evidence): Iterable<string> {
  for (const reading of seen.records.readings) {
    if (reading.order !== 'strict') continue
    const givenMs = new Map(reading.given.map((one) => [one.token, one.atMs]))
    for (const act of seen.records.acts) {
      const due = act.settledMs + TOLD_MS
      if (act.channel !== reading.channel || act.outcome !== 'done' || act.atMs <= reading.readyMs) continue
      if (
        due > Math.min(seen.endMs, reading.leftMs) ||
        (givenMs.get(act.token) ?? Infinity) <= due ||
        isReported(reading, act.id ?? '', due)
      )
        continue
      const endMs = seen.records.ends.get(act.machine) ?? Infinity
      if (endMs > act.settledMs + MARKED_MS && hasCalmSite(seen, [act.machine, reading.machine], act.atMs, due))
        yield `${about(reading)} had by ${due.toFixed(0)} neither got ${describe(act)} nor been told of it`
    }
  }
}

/** A site that nothing was wrong with between the two times, as these processes see it. */
function hasCalmSite({ plan, sites }: Evidence, processes: readonly string[], fromMs: number, toMs: number): boolean {
  const machines = processes.map(machineOf)
  const hit = plan.filter(
    ({ atMs, fault }) => atMs < toMs && fromMs < atMs + fault.forMs + NOTICED_MS && concerns(fault, machines),
  )
  return sites.some((site) => hit.every(({ fault }) => 'site' in fault && fault.site !== site))
}

/** Who crashes is judged by when. */
function concerns(fault: Fault, machines: readonly string[]): boolean {
  if (fault.what === 'crash') return false
  if (fault.what === 'reroute') return fault.machines.some((machine) => machines.includes(machine))
  return !('machine' in fault) || fault.machine === undefined || machines.includes(fault.machine)
}

function hasSuccessor(reading: Reading, act: Act): boolean {
  const [source, seq] = (act.id ?? '').split('.')
  return reading.given.some((one) => one.source === source && (one.seq ?? 0) > Number(seq))
}

export function* inOrder({ records }: Evidence): Iterable<string> {
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

export function* tablesAgree({ tables }: Evidence): Iterable<string> {
  const [first, ...others] = [...tables]
  if (first === undefined) return
  for (const [machine, table] of others) {
    for (const path of new Set([...first[1].keys(), ...table.keys()])) {
      const [one, other] = [first[1].get(path), table.get(path)]
      if (one !== other) yield `${first[0]} shows ${one} for ${path}, ${machine} shows ${other}`
    }
  }
}

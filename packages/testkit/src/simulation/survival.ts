import { escapeToken } from '@spanwire/core'
import { about, describe, type Evidence, machineOf } from './evidence.js'
import type { Fault } from './fault.js'
import type { Timed } from './plan.js'
import type { Act } from './record.js'
import { missing } from './topics.js'

/** Longer than this behind an acknowledgement, a publisher may have forgotten it. */
const RETAIN_SLACK_MS = 3_000

/** By then the loss is known, and what was lost is offered, ms. */
const NOTICED_MS = 5_000

/** A site that is well for so long is found again, and takes what is offered, ms. */
const WAY_BACK_MS = 15_000

type Span = readonly [fromMs: number, toMs: number]
const NEVER_MORE: Span = [Infinity, Infinity]

/** What was acknowledged survives the loss of all that acknowledged it, where its publisher keeps it and may bring it to another site, or back. */
export function* survives(seen: Evidence): Iterable<string> {
  for (const { reading, act } of missing(seen)) {
    if (!isExcused(seen, act))
      yield `${about(reading)} never got ${describe(act)}, which ${act.sites?.join()} had acknowledged`
  }
}

/** Each site that acknowledged it was destroyed when its publisher need not have it any more, had ended, or could offer it nowhere. */
export function isExcused(seen: Evidence, act: Act): boolean {
  const { plan, records, retainMs } = seen
  const endMs = records.ends.get(act.machine) ?? Infinity
  const isGone = (wipedMs: number): boolean => {
    const lastMs = wipedMs + retainMs
    const ageMs = wipedMs - act.settledMs + setForward(plan, machineOf(act.machine), act.settledMs, lastMs)
    if (wipedMs <= act.settledMs) return false
    return (
      ageMs > retainMs - RETAIN_SLACK_MS || endMs < lastMs || !hasWay(seen, act, [wipedMs, act.settledMs + retainMs])
    )
  }
  return (act.sites ?? []).every((site) => (seen.wiped.get(site) ?? []).some(isGone))
}

/** Whether its publisher's routes led to a site that it could reach for long enough. */
function hasWay(seen: Evidence, act: Act, within: Span): boolean {
  return seen.sites.some((site) => {
    const closed = [...excluded(seen, act, site), ...away(seen.plan, act, site)]
    return isWell(closed, within)
  })
}

/** When the routes did not lead there. */
function* excluded({ followed }: Evidence, act: Act, site: string): Iterable<Span> {
  const own = followed.filter(({ process }) => process === act.machine)
  for (const [at, { allows, atMs }] of own.entries())
    if (!allows(act.channel, act.path && escapeToken(act.path), site)) yield [atMs, own[at + 1]?.atMs ?? Infinity]
}

function* away(plan: readonly Timed[], act: Act, site: string): Iterable<Span> {
  for (const { atMs, fault } of plan) if (keepsFrom(fault, act, site)) yield [atMs, atMs + fault.forMs]
}

/** Does it keep the act's publisher from publishing there? */
function keepsFrom(fault: Fault, { channel, machine }: Act, site: string): boolean {
  switch (fault.what) {
    case 'kill':
    case 'hang':
    case 'revoke':
      return fault.site === site
    case 'stalled':
    case 'leaderless':
      return fault.site === site && fault.channel === channel
    case 'cut':
    case 'lost-ack':
    case 'swallow':
      return fault.site === site && (fault.machine ?? machineOf(machine)) === machineOf(machine)
    case 'stall':
      return fault.machine === machineOf(machine)
    default:
      return false
  }
}

/** Is a site that is closed in these spans well for long enough, and still so when it is asked? */
function isWell(closed: readonly Span[], [fromMs, toMs]: Span): boolean {
  const askedMs = Math.min(fromMs + NOTICED_MS, toMs)
  let openMs = fromMs - WAY_BACK_MS
  for (const [began, ended] of [...closed, NEVER_MORE].sort(([one], [other]) => one - other)) {
    const endMs = Math.min(began, toMs)
    if (endMs >= askedMs && endMs - openMs >= WAY_BACK_MS) return true
    openMs = Math.max(openMs, ended)
  }
  return false
}

/** By how much a machine's clock was set forward between two times, in all: what is kept ages by the faster of its clocks (R12). */
function setForward(plan: readonly Timed[], machine: string, fromMs: number, toMs: number): number {
  let sum = 0
  for (const { atMs, fault } of plan) {
    if (fault.what !== 'skew' || fault.machine !== machine) continue
    const setMs = fault.byMs > 0 ? atMs : atMs + fault.forMs
    if (fromMs < setMs && setMs < toMs) sum += Math.abs(fault.byMs)
  }
  return sum
}

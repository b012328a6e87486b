import type { FailoverEvent } from '@spanwire/react'
import type { Failover, Happening, LogEntry, Move } from '../picture.js'
import { called, ms, whole } from './format.js'

/** What the timeline shows of one thing that happened. */
export interface Moment {
  readonly key: string
  readonly at: number
  readonly text: string
  readonly detail: string
  readonly site: string | undefined
  readonly by: 'page' | 'process' | 'service'
  /** Of a failover. */
  readonly lapse?: Lapse
}

/** How long a failover took, in ms since the fault; where that is not known, since its first sign. */
export interface Lapse {
  readonly noticed: number
  readonly givenUp: number
  /** When it was over. */
  readonly switched: number
  /** Whether anything had to go elsewhere. */
  readonly moved: boolean
}

/** A failover of this page's own client. */
export type OwnFailover = Failover & { readonly at: number }

/** How far a fault may lie before its first sign. */
const NEAR_MS = 30_000
/** Lanes that leave a site for one reason do so within this of each other. */
const TOGETHER_MS = 2_000

type Logged<Kind> = Extract<LogEntry, Kind>

/** Newest first. `events` and `own` are the page's; the rest was told to it. */
export function momentsOf(
  log: readonly LogEntry[],
  events: readonly FailoverEvent[],
  own: readonly OwnFailover[],
): readonly Moment[] {
  const faults = log.filter((entry) => entry.kind === 'happening' && entry.isFault)
  const moves = together(log.filter((entry) => entry.kind === 'move'))
  const failovers = [...log.filter((entry) => entry.kind === 'failover'), ...own]
  return [
    ...log.flatMap((entry) => (entry.kind === 'happening' ? ofHappening(entry) : [])),
    ...failovers.map((failover) => ofFailover(failover, moves, faults)),
    ...moves.filter((move) => !failovers.some((one) => isOf(move, one))).map((move) => ofMove(move, faults)),
    ...events.flatMap(ofEvent),
  ].sort((a, b) => b.at - a.at)
}

function ofHappening({ at, id, site, text }: Logged<Happening>): readonly Moment[] {
  if (site === undefined) return []
  return [{ key: `process ${id}`, at, text: `${called(site)} ${text}`, detail: '', site, by: 'process' }]
}

function ofFailover(failover: OwnFailover, moves: readonly Logged<Move>[], faults: readonly LogEntry[]): Moment {
  const { at, detectedAt, firstSignAt, site, suspectedAt, who } = failover
  const since = sinceOf(site, firstSignAt, detectedAt, faults)
  const moved = moves.filter((move) => isOf(move, failover))
  const lapse = {
    noticed: Math.max(0, (suspectedAt ?? detectedAt) - since),
    givenUp: Math.max(0, detectedAt - since),
    switched: Math.max(0, at - since),
    moved: moved.length > 0,
  }
  const lanes = moved.reduce((sum, move) => sum + move.lanes, 0)
  const to = moved[0]?.to
  return {
    key: `failover ${who} ${site} ${at}`,
    at,
    text: to ? `${called(who)} moved from ${called(site)} to ${called(to)}` : `${called(who)} left ${called(site)}`,
    detail: to ? lanesOf(lanes) : 'nothing had to move',
    site: to ?? site,
    by: who === 'page' ? 'page' : 'service',
    lapse,
  }
}

/** When the fault was that a failover answers; its first sign if nobody saw it happen. */
function sinceOf(site: string, firstSignAt: number, until: number, faults: readonly LogEntry[]): number {
  const near = faults.filter(
    (fault) => 'site' in fault && fault.site === site && fault.at >= firstSignAt - NEAR_MS && fault.at <= until,
  )
  return near.at(-1)?.at ?? firstSignAt
}

function isOf(move: Logged<Move>, { at, site, who }: OwnFailover): boolean {
  return move.who === who && move.from === site && Math.abs(move.at - at) < TOGETHER_MS
}

/** Lanes that moved although their site was not given up: its engine fails, or a better place is back. */
function ofMove({ at, from, id, lanes, ms, reason, to, who }: Logged<Move>, faults: readonly LogEntry[]): Moment {
  const text = `${called(who)} moved ${lanesOf(lanes)} from ${called(from)} to ${called(to)}`
  const moment = { key: `move ${id}`, at, text, detail: reason, site: to, by: 'service' } as const
  if (reason.startsWith('as planned')) return moment
  const noticedAt = at - ms
  const since = sinceOf(from, noticedAt, at, faults)
  const noticed = Math.max(0, noticedAt - since)
  return { ...moment, lapse: { noticed, givenUp: noticed, switched: Math.max(0, at - since), moved: true } }
}

/** One move for all lanes of a service that went the same way for the same reason. */
function together(moves: readonly Logged<Move>[]): readonly Logged<Move>[] {
  const all: Logged<Move>[] = []
  for (const move of moves) {
    const last = all.at(-1)
    if (last === undefined || !isSame(last, move)) all.push(move)
    else all[all.length - 1] = { ...move, id: last.id, lanes: last.lanes + move.lanes }
  }
  return all
}

function isSame(a: Logged<Move>, b: Logged<Move>): boolean {
  return a.who === b.who && a.from === b.from && a.to === b.to && a.reason === b.reason && b.at - a.at < TOGETHER_MS
}

function lanesOf(count: number): string {
  return `${whole(count)} ${count === 1 ? 'lane' : 'lanes'}`
}

function ofEvent(event: FailoverEvent, index: number): readonly Moment[] {
  const told = tell(event)
  if (told === undefined) return []
  const [text, detail, site] = told
  return [{ key: `page ${event.at} ${index} ${text}`, at: event.at, text, detail, site, by: 'page' }]
}

type Told = readonly [text: string, detail: string, site: string | undefined]

function tell(event: FailoverEvent): Told | undefined {
  switch (event.type) {
    case 'site':
      return tellSite(event)
    case 'moved': {
      const what = called(event.channel.split('.', 1)[0] ?? '')
      const when = event.ms < 1 ? 'at the first sign of trouble' : `${ms(event.ms)} after the first sign of trouble`
      return [`${what} of this page moved from ${called(event.from)} to ${called(event.to)}`, when, event.to]
    }
    case 'gap':
      return [`${whole(event.last - event.first + 1)} messages missing on ${event.channel}`, event.reason, undefined]
    case 'gap-closed':
      return [`A missing message came on ${event.channel}`, '', undefined]
    case 'lost':
      return [
        `${event.channel}: ${event.count ?? 'some'} messages lost at ${called(event.site)}`,
        event.reason,
        event.site,
      ]
    case 'offered-again':
      return [`${whole(event.count)} messages offered again to ${called(event.to)}`, event.channel, event.to]
    default:
      return event satisfies never
  }
}

/** That a site was lost is told by its failover. */
function tellSite({ from, reason, site, to }: Extract<FailoverEvent, { readonly type: 'site' }>): Told | undefined {
  if (to === 'up') {
    const text = from === 'suspect' ? 'Heard from' : 'Connected to'
    return [`${text} ${called(site)}${from === 'suspect' ? ' again' : ''}`, '', site]
  }
  if (to === 'suspect') return [`${called(site)} has gone quiet`, reason, site]
  return isLoss({ from, to }) ? undefined : [`${called(site)} is ${to}`, reason, site]
}

/** A site that was there is not any more. */
export function isLoss({ from, to }: { readonly from: string; readonly to: string }): boolean {
  return /^(up|suspect|draining)$/.test(from) && /^(waiting|dialing)$/.test(to)
}

import type { RouteOptions } from '@spanwire/core'
import type { Dice } from './dice.js'
import type { Fault, FaultKind } from './fault.js'

/** A fault at a virtual time. */
export interface Timed {
  readonly atMs: number
  readonly fault: Fault
}

/** How often each kind comes, relative to each other. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 5,
  hang: 4,
  cut: 5,
  'lost-ack': 3,
  swallow: 2,
  slow: 2,
  loss: 2,
  reset: 3,
  refuse: 2,
  revoke: 1,
  drain: 2,
  leaderless: 2,
  stalled: 2,
  skew: 1,
  stall: 2,
  crash: 2,
  reroute: 3,
}

export const KINDS: readonly FaultKind[] = Object.keys(WEIGHTS) as FaultKind[]

/** One machine after another hears of other routes, so far apart at most, ms; they are followed for so long at least. */
const PUSH_MS = 1_500
const ROUTED_MS = 20_000

/** What may be hit, and when. */
export interface Where {
  readonly sites: readonly string[]
  readonly machines: readonly string[]
  readonly channels: readonly string[]
  readonly fromMs: number
  readonly toMs: number
  /** Default: all but `crash`, which somebody has to follow up, and `reroute` where there are no `routes`. */
  readonly kinds?: readonly FaultKind[]
  /** What these machines may be told to follow for a while. */
  readonly routes?: (dice: Dice, machines: readonly string[]) => readonly RouteOptions[]
}

/** Faults one after another between two times, some of them over each other. */
export function roll(dice: Dice, where: Where): Timed[] {
  const { kinds = KINDS.filter((kind) => kind !== 'crash' && (kind !== 'reroute' || where.routes)) } = where
  const plan: Timed[] = []
  let at = where.fromMs
  for (;;) {
    const fault = one(dice, weighted(dice, kinds), where)
    if (at + fault.forMs > where.toMs) return plan
    plan.push({ atMs: at, fault })
    at += dice.chance(0.25) ? dice.between(0, fault.forMs) : fault.forMs + dice.between(1_000, 40_000)
  }
}

function weighted(dice: Dice, kinds: readonly FaultKind[]): FaultKind {
  const sum = kinds.reduce((total, kind) => total + WEIGHTS[kind], 0)
  let at = dice.next() * sum
  for (const kind of kinds) {
    at -= WEIGHTS[kind]
    if (at < 0) return kind
  }
  return dice.pick(kinds)
}

function one(dice: Dice, what: FaultKind, where: Where): Fault {
  const site = dice.pick(where.sites)
  const machine = dice.chance(0.6) ? { machine: dice.pick(where.machines) } : {}
  // Mostly short, now and then long: what heals within a timeout and what does not are different stories.
  const forMs = Math.round(dice.chance(0.3) ? dice.between(10_000, 60_000) : dice.between(100, 8_000))
  switch (what) {
    case 'kill':
      return { what, site, forMs, data: dice.chance(0.3) ? 'wipe' : 'keep' }
    case 'cut':
      return { what, site, ...machine, forMs, way: dice.pick(['up', 'down', 'both'] as const) }
    case 'slow':
      return { what, site, ...machine, forMs, times: 10 }
    case 'loss':
      return { what, site, ...machine, forMs, share: dice.between(0.01, 0.2) }
    case 'refuse':
      return { what, site, ...machine, forMs, share: dice.between(0.05, 0.5) }
    case 'skew':
      return {
        what,
        machine: dice.pick(where.machines),
        forMs,
        byMs: dice.pick([-3_600_000, -5_000, 5_000, 3_600_000]),
      }
    case 'stall':
      return { what, machine: dice.pick(where.machines), forMs: Math.min(forMs, 10_000) }
    case 'crash':
      return { what, machine: dice.pick(where.machines), forMs }
    case 'reroute':
      return reroute(dice, forMs + ROUTED_MS, where)
    case 'lost-ack':
    case 'swallow':
    case 'reset':
      return { what, site, ...machine, forMs: Math.min(forMs, 5_000) }
    case 'leaderless':
    case 'stalled':
      return { what, site, forMs, channel: dice.pick(where.channels) }
    default:
      return { what, site, forMs }
  }
}

/** Of one machine, or of all, from any of them on. */
function reroute(dice: Dice, forMs: number, { machines, routes = () => [] }: Where): Fault {
  const first = Math.floor(dice.next() * machines.length)
  const all = [...machines.slice(first), ...machines.slice(0, first)]
  const those = dice.chance(0.5) ? all : all.slice(0, 1)
  const everyMs = Math.round(dice.between(0, PUSH_MS))
  return { what: 'reroute', machines: those, everyMs, forMs, routes: routes(dice, those) }
}

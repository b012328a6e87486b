import type { Policy, RouteOptions } from '@spanwire/core'
import { Company, GROUP, type Habits, hereOf, MACHINES, PUBLISHERS, RETAIN_MS, SITES } from './company.js'
import type { Dice } from './dice.js'
import type { Violation } from './evidence.js'
import type { Fault, FaultKind } from './fault.js'
import { judge } from './judge.js'
import { KINDS, roll, type Timed } from './plan.js'
import { board, book, orders, price, quotes, rollPolicy, rollRoutes, ticks, trades } from './play.js'
import { Journal } from './record.js'
import { scopeOf } from './scope.js'
import { Simulation, type Tamper } from './simulation.js'
import { Tally } from './tally.js'

export interface RehearseOptions {
  readonly seed: number
  /** Virtual time with load, ms. Default 8 minutes, which with the ebb makes 10; faults end two minutes before it. */
  readonly forMs?: number
  /** Which kinds may come. Default: all. */
  readonly faults?: readonly FaultKind[]
  /** Instead of rolled ones. */
  readonly plan?: readonly Timed[]
  /** For topics. Default: rolled. */
  readonly policy?: Policy
  /** Of all clients. Default: none. */
  readonly habits?: Habits
  /** Between a client and the network: how a test makes a client that breaks its promises. */
  readonly tamper?: Tamper
  /** Three more machines, which are a group. Default: one seed in five. */
  readonly hasGroup?: boolean
  /** Keep every line of the event log. Default false: only its hash. */
  readonly verbose?: boolean
}

export interface Rehearsal {
  readonly seed: number
  /** Virtual time with load, ms. */
  readonly forMs: number
  readonly violations: readonly Violation[]
  /** Of the event log. */
  readonly hash: string
  readonly plan: readonly Timed[]
  readonly policy: Policy
  readonly hasGroup: boolean
  readonly counts: Readonly<Record<string, number>>
  readonly lines: readonly string[]
}

/** One seed in so many has a group: three more machines take their time. */
const GROUPS_EVERY = 5

/** Before the first fault everything is attached; after the last one everything calms down. */
const CALM_BEFORE_MS = 10_000
const CALM_AFTER_MS = 120_000
/** When the load is over: retries, reports and re-offers end. */
const EBB_MS = 90_000

/** A day in the life of a small company with two sites, in which things go wrong as the seed says, judged at the end. */
export async function rehearse(options: RehearseOptions): Promise<Rehearsal> {
  const { forMs = 480_000 } = options
  const tally = new Tally()
  const { seed, tamper } = options
  const simulation = new Simulation({ seed, sites: SITES, witness: tally, ...(tamper && { tamper }) })
  const { world } = simulation
  const journal = new Journal(() => world.now, options.verbose ?? false)
  const policy = options.policy ?? rollPolicy(world.dice.fork('policy'), Object.keys(SITES))
  const { hasGroup = seed % GROUPS_EVERY === 0 } = options
  const plan = options.plan ?? rollPlan(simulation, { ...options, hasGroup }, forMs)
  const company = new Company(simulation, journal, policy, {
    hasGroup,
    ...(options.habits && { habits: options.habits }),
  })
  for (const timed of plan) simulation.after(timed.atMs, () => befall(company, simulation, journal, timed.fault))
  await simulation.run(forMs)
  company.rest()
  await simulation.run(EBB_MS)
  const tables = await curtain(company, simulation)
  const left = await close(company, simulation)
  const violations = judge({
    records: journal.records,
    tally,
    plan,
    wiped: new Map([...simulation.sites].map(([name, site]) => [name, site.wiped])),
    healedMs: Math.max(0, ...plan.map(({ atMs, fault }) => atMs + fault.forMs)),
    endMs: forMs + EBB_MS,
    retainMs: RETAIN_MS,
    sites: Object.keys(SITES),
    followed: simulation.followed.map(({ routes, ...one }) => ({ ...one, ...scopeOf(routes, hereOf(one.process)) })),
    primary: preferred(policy),
    tables,
    left,
  })
  return {
    seed,
    forMs,
    violations,
    hash: journal.digest(),
    plan,
    policy,
    hasGroup,
    counts: countsOf(journal, tally),
    lines: journal.lines,
  }
}

/** After a crash, and a while, somebody starts the process again. */
function befall(company: Company, simulation: Simulation, journal: Journal, fault: Fault): void {
  journal.note(`FAULT ${JSON.stringify(fault)}`)
  simulation.inflict(fault)
  if (fault.what !== 'crash') return
  company.lose(fault.machine)
  simulation.after(fault.forMs, () => {
    if (!company.actors.has(fault.machine)) company.start(fault.machine)
  })
}

function preferred(policy: Policy): Map<string, string> {
  const [first = ''] = Object.keys(SITES)
  const topics = policy.by === 'primary' ? [quotes, ticks, board, trades, price, book] : []
  return new Map([orders, ...topics].map(({ name }) => [name, first]))
}

function rollPlan({ world }: Simulation, options: RehearseOptions, forMs: number): Timed[] {
  const where = {
    sites: Object.keys(SITES),
    fromMs: CALM_BEFORE_MS,
    toMs: forMs - CALM_AFTER_MS,
    kinds: options.faults ?? KINDS,
  }
  const plan = roll(world.dice.fork('faults'), {
    ...where,
    machines: MACHINES,
    channels: [quotes, ticks, board, orders, price, book].map(({ name }) => name),
    routes: (dice, machines) => rollRoutes(dice, Object.keys(SITES), mayLeave(machines)),
  })
  if (!options.hasGroup) return plan
  const routes = (dice: Dice): RouteOptions[] => rollRoutes(dice, Object.keys(SITES), false)
  const more = roll(world.dice.fork('faults of the group'), {
    ...where,
    machines: GROUP,
    channels: [trades.name],
    routes,
  })
  return [...plan, ...more.filter(isOfGroup)].sort((one, other) => one.atMs - other.atMs)
}

/** The others have their own. */
function isOfGroup({ fault }: Timed): boolean {
  if ('channel' in fault || fault.what === 'reroute') return true
  return 'machine' in fault && fault.machine !== undefined
}

/** All together, or who is missed by nobody. */
function mayLeave(machines: readonly string[]): boolean {
  return machines.length === MACHINES.length || machines.every((machine) => PUBLISHERS.includes(machine))
}

/** What late comers are shown at the end. */
async function curtain({ actors }: Company, simulation: Simulation): Promise<Map<string, Map<string, number>>> {
  const shown = new Map<string, Map<string, number>>()
  const tables = [...actors].map(([name, { machine }]) => ({ name, table: machine.client.table(board) }))
  await simulation.run(5_000)
  for (const { name, table } of tables) {
    shown.set(name, new Map([...table.entries()].map(([path, { value }]) => [path, value.token])))
    void table.stop()
  }
  await simulation.run(1_000)
  return shown
}

async function close({ actors }: Company, simulation: Simulation): Promise<Record<string, number>> {
  let open = actors.size
  for (const { machine } of actors.values()) void machine.client.close().then(() => open--)
  await simulation.run(15_000)
  const counts = [...simulation.sites.values()].map(({ engine }) => engine.counts())
  return {
    clients: open,
    links: counts.reduce((sum, { links }) => sum + links, 0),
    receptions: counts.reduce((sum, { receptions }) => sum + receptions, 0),
    connections: simulation.roads.reduce((sum, road) => sum + road.connections.size, 0),
    timers: simulation.world.pending,
  }
}

function countsOf(journal: Journal, tally: Tally): Record<string, number> {
  const { acts, readings, runs, shares, moves } = journal.records
  const ended = (outcome: string): number => acts.filter((act) => act.outcome === outcome).length
  return {
    acts: acts.length,
    done: ended('done'),
    failed: ended('failed'),
    unknown: ended('unknown'),
    given: readings.reduce((sum, { given }) => sum + given.length, 0),
    late: readings.reduce((sum, { given }) => sum + given.filter((one) => one.late).length, 0),
    gaps: readings.reduce((sum, { gaps }) => sum + gaps.length, 0),
    runs: runs.length,
    shares: shares.length,
    moves: moves.length,
    messages: tally.messages,
  }
}

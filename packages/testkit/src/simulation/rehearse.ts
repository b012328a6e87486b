import type { Location, Policy } from '@spanwire/core'
import { type Actor, nowAndThen, publish, request, send } from './acting.js'
import type { Violation } from './evidence.js'
import type { FaultKind } from './fault.js'
import { judge } from './judge.js'
import { roll, type Timed } from './plan.js'
import { board, book, orders, price, quotes, rollPolicy, SYMBOLS, ticks } from './play.js'
import { listen, read } from './reading.js'
import { Journal } from './record.js'
import { Simulation, type Tamper } from './simulation.js'
import { Tally } from './tally.js'
import { respond, work } from './working.js'

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
  /** Between a client and the network: how a test makes a client that breaks its promises. */
  readonly tamper?: Tamper
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
  readonly counts: Readonly<Record<string, number>>
  readonly lines: readonly string[]
}

const SITES: Readonly<Record<string, Location>> = {
  frankfurt: { environment: 'on-prem', region: 'eu-central' },
  dublin: { environment: 'cloud', region: 'eu-west' },
}
const ON_PREM: Location = { environment: 'on-prem', region: 'eu-central' }
const CLOUD: Location = { environment: 'cloud', region: 'eu-west' }
const HERE: Readonly<Record<string, Location>> = {
  feed: ON_PREM,
  branch: CLOUD,
  desk: ON_PREM,
  app: CLOUD,
  crew: ON_PREM,
  relief: CLOUD,
}
/** Publishes and sends have so long, ms; requests: */
const TIMEOUTS_MS: readonly number[] = [2_000, 10_000, 30_000]
const ASK_MS = 5_000
/** Before the first fault everything is attached; after the last one everything calms down. */
const CALM_BEFORE_MS = 10_000
const CALM_AFTER_MS = 120_000
/** When the load is over: retries, reports and re-offers end. */
const EBB_MS = 90_000
const RETAIN_MS = 30_000

/** A day in the life of a small company with two sites, in which things go wrong as the seed says, judged at the end. */
export async function rehearse(options: RehearseOptions): Promise<Rehearsal> {
  const { forMs = 480_000 } = options
  const tally = new Tally()
  const { seed, tamper } = options
  const simulation = new Simulation({ seed, sites: SITES, witness: tally, ...(tamper && { tamper }) })
  const { world } = simulation
  const journal = new Journal(() => world.now, options.verbose ?? false)
  const policy = options.policy ?? rollPolicy(world.dice.fork('policy'), Object.keys(SITES))
  const plan = options.plan ?? rollPlan(simulation, options, forMs)
  for (const { atMs, fault } of plan) {
    simulation.after(atMs, () => {
      journal.note(`FAULT ${JSON.stringify(fault)}`)
      simulation.inflict(fault)
    })
  }
  const cast = castFor(simulation, journal, policy)
  const silence = perform(cast)
  await simulation.run(forMs)
  for (const stop of silence) stop()
  await simulation.run(EBB_MS)
  const tables = await curtain(cast, simulation)
  const left = await close(cast, simulation)
  const violations = judge({
    records: journal.records,
    tally,
    plan,
    wiped: new Map([...simulation.sites].map(([name, site]) => [name, site.wiped])),
    healedMs: Math.max(0, ...plan.map(({ atMs, fault }) => atMs + fault.forMs)),
    endMs: forMs + EBB_MS,
    retainMs: RETAIN_MS,
    allowed: new Set(Object.keys(SITES)),
    sites: Object.keys(SITES).length,
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
    counts: countsOf(journal, tally),
    lines: journal.lines,
  }
}

function preferred(policy: Policy): Map<string, string> {
  const [first = ''] = Object.keys(SITES)
  const topics = policy.by === 'primary' ? [quotes, ticks, board, price, book] : []
  return new Map([orders, ...topics].map(({ name }) => [name, first]))
}

function rollPlan(simulation: Simulation, options: RehearseOptions, forMs: number): Timed[] {
  return roll(simulation.world.dice.fork('faults'), {
    sites: Object.keys(SITES),
    machines: Object.keys(HERE),
    channels: [quotes, ticks, board, orders, price, book].map(({ name }) => name),
    fromMs: CALM_BEFORE_MS,
    toMs: forMs - CALM_AFTER_MS,
    ...(options.faults === undefined ? {} : { kinds: options.faults }),
  })
}

type Cast = ReadonlyMap<string, Actor>

function castFor(simulation: Simulation, journal: Journal, policy: Policy): Cast {
  let tokens = 0
  const cast = new Map<string, Actor>()
  for (const [name, here] of Object.entries(HERE)) {
    const machine = simulation.machine(name, {
      here,
      routes: [
        { match: 'orders', policy: { by: 'primary', sites: Object.keys(SITES) } },
        { match: '>', policy },
      ],
      retain: { time: RETAIN_MS },
    })
    const dice = simulation.world.dice.fork(`actor ${name}`)
    cast.set(name, { name, machine, journal, dice, token: () => ++tokens })
  }
  return cast
}

/** Everybody takes their place; the result stops what makes new load. */
function perform(cast: Cast): (() => void)[] {
  const over = new AbortController()
  for (const actor of cast.values()) listen(actor, over.signal)
  const role = (name: string): Actor => {
    const actor = cast.get(name)
    if (actor === undefined) throw new RangeError(`nobody plays ${name}`)
    return actor
  }
  for (const name of ['desk', 'app']) {
    read(role(name), quotes, 'strict')
    read(role(name), ticks, 'arrival')
  }
  for (const name of ['crew', 'relief']) {
    work(role(name), orders, { takesMs: 2_000, fails: 0.05 })
    respond(role(name), price, { takesMs: 50, fails: 0 })
    respond(role(name), book, { takesMs: 500, fails: 0 })
  }
  return ['feed', 'branch'].flatMap((name) => loads(role(name)))
}

function loads(actor: Actor): (() => void)[] {
  const symbol = (): string => actor.dice.pick(SYMBOLS)
  const timeout = (): number => actor.dice.pick(TIMEOUTS_MS)
  return [
    nowAndThen(actor, 0.7, () => publish(actor, quotes, symbol(), timeout())),
    nowAndThen(actor, 0.2, () => publish(actor, ticks, symbol(), timeout())),
    nowAndThen(actor, 0.2, () => publish(actor, board, symbol(), timeout())),
    nowAndThen(actor, 0.15, () => send(actor, orders, timeout())),
    nowAndThen(actor, 0.1, () => request(actor, price, ASK_MS)),
    nowAndThen(actor, 0.1, () => request(actor, book, ASK_MS)),
  ]
}

/** What late comers are shown at the end. */
async function curtain(cast: Cast, simulation: Simulation): Promise<Map<string, Map<string, number>>> {
  const shown = new Map<string, Map<string, number>>()
  const tables = [...cast].map(([name, { machine }]) => ({ name, table: machine.client.table(board) }))
  await simulation.run(5_000)
  for (const { name, table } of tables) {
    shown.set(name, new Map([...table.entries()].map(([path, { value }]) => [path, value.token])))
    void table.stop()
  }
  await simulation.run(1_000)
  return shown
}

async function close(cast: Cast, simulation: Simulation): Promise<Record<string, number>> {
  let open = cast.size
  for (const { machine } of cast.values()) void machine.client.close().then(() => open--)
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
  const { acts, readings, runs, moves } = journal.records
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
    moves: moves.length,
    messages: tally.messages,
  }
}

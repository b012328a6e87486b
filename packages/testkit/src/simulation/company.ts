import type { Location, Policy } from '@spanwire/core'
import { type Actor, nowAndThen, publish, request, send } from './acting.js'
import { machineOf } from './evidence.js'
import { board, book, orders, price, quotes, routesOf, SYMBOLS, ticks, trades } from './play.js'
import { listen, read } from './reading.js'
import type { Journal } from './record.js'
import { share } from './sharing.js'
import type { MachineOptions, Simulation } from './simulation.js'
import { respond, work } from './working.js'

export const SITES: Readonly<Record<string, Location>> = {
  frankfurt: { environment: 'on-prem', region: 'eu-central' },
  dublin: { environment: 'cloud', region: 'eu-west' },
}
const ON_PREM: Location = { environment: 'on-prem', region: 'eu-central' }
const CLOUD: Location = { environment: 'cloud', region: 'eu-west' }

interface Post {
  readonly here: Location
  /** Takes up what is done there; the result stops what makes new load. */
  readonly begin: (actor: Actor) => readonly (() => void)[]
}

/** Who does what, by machine. */
const POSTS: Readonly<Record<string, Post>> = {
  feed: { here: ON_PREM, begin: loads },
  branch: { here: CLOUD, begin: loads },
  desk: { here: ON_PREM, begin: reads },
  app: { here: CLOUD, begin: reads },
  crew: { here: ON_PREM, begin: works },
  relief: { here: CLOUD, begin: works },
}
/** A group of a topic, that publishes it as well. They come on top of the others, who notice nothing of them. */
const MEMBERS: Readonly<Record<string, Post>> = {
  clerk: { here: ON_PREM, begin: shares },
  agent: { here: CLOUD, begin: shares },
  temp: { here: CLOUD, begin: shares },
}
const FIRST_OF_MEMBERS = 1_000_000

/** Where a process runs. */
export function hereOf(process: string): Location {
  return postOf(machineOf(process))?.here ?? ON_PREM
}

function postOf(machine: string): Post | undefined {
  return POSTS[machine] ?? MEMBERS[machine]
}

export const MACHINES: readonly string[] = Object.keys(POSTS)
export const GROUP: readonly string[] = Object.keys(MEMBERS)
/** Nobody misses what these do not attach to. */
export const PUBLISHERS: readonly string[] = ['feed', 'branch']

/** Publishes and sends have so long, ms; requests: */
const TIMEOUTS_MS: readonly number[] = [2_000, 10_000, 30_000]
const ASK_MS = 5_000

/** How long a publisher keeps what was acknowledged, ms. */
export const RETAIN_MS = 30_000

/** How all clients are made, besides. */
export type Habits = Pick<MachineOptions, 'failback' | 'standby'>

export interface CompanyOptions {
  readonly habits?: Habits
  readonly hasGroup?: boolean
}

/** Six machines of a small company, each with a process that has something to do. */
export class Company {
  /** Everybody who lives, by machine. */
  readonly actors: Map<string, Actor> = new Map()
  readonly #simulation: Simulation
  readonly #journal: Journal
  readonly #policy: Policy
  readonly #habits: Habits
  #stops: (() => void)[] = []
  #tokens = 0
  #shared = FIRST_OF_MEMBERS

  constructor(
    simulation: Simulation,
    journal: Journal,
    policy: Policy,
    { habits = {}, hasGroup = false }: CompanyOptions,
  ) {
    this.#simulation = simulation
    this.#journal = journal
    this.#policy = policy
    this.#habits = habits
    for (const name of hasGroup ? [...MACHINES, ...GROUP] : MACHINES) this.start(name)
  }

  /** A process takes up its work on a machine that has none, or none any more. */
  start(name: string): void {
    const post = postOf(name)
    const isMember = name in MEMBERS
    const { dice: all } = this.#simulation.world
    if (post === undefined) throw new RangeError(`nobody works at ${name}`)
    const machine = this.#simulation.machine(name, {
      here: post.here,
      routes: routesOf(this.#policy, Object.keys(SITES)),
      retain: { time: RETAIN_MS },
      ...(isMember && { dice: all.fork(`network ${name}`) }),
      ...this.#habits,
    })
    const dice = all.fork(`actor ${machine.host.name}`)
    const token = (): number => (isMember ? ++this.#shared : ++this.#tokens)
    const actor: Actor = { name: machine.host.name, machine, journal: this.#journal, dice, token }
    this.actors.set(name, actor)
    listen(actor)
    this.#stops.push(...post.begin(actor))
  }

  /** Its process is gone, and nobody hears what becomes of what it had begun. */
  lose(name: string): void {
    const { acts, ends, members, readings } = this.#journal.records
    const gone = this.actors.get(name)?.name
    if (gone === undefined) return
    const now = this.#simulation.world.now
    this.actors.delete(name)
    ends.set(gone, now)
    for (const act of acts) {
      if (act.machine !== gone || act.outcome !== 'open') continue
      act.outcome = 'unknown'
      act.settledMs = now
    }
    for (const reading of readings) if (reading.machine === gone) reading.leftMs = now
    for (const member of members) if (member.machine === gone) member.leftMs = Math.min(member.leftMs, now)
  }

  /** No new load. */
  rest(): void {
    for (const stop of this.#stops) stop()
    this.#stops = []
  }
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

function shares(actor: Actor): (() => void)[] {
  const publishes = nowAndThen(actor, 0.3, () =>
    publish(actor, trades, actor.dice.pick(SYMBOLS), actor.dice.pick(TIMEOUTS_MS)),
  )
  return [publishes, share(actor, trades)]
}

function reads(actor: Actor): [] {
  read(actor, quotes, 'strict')
  read(actor, ticks, 'arrival')
  return []
}

function works(actor: Actor): [] {
  work(actor, orders, { takesMs: 2_000, fails: 0.05 })
  respond(actor, price, { takesMs: 50, fails: 0 })
  respond(actor, book, { takesMs: 500, fails: 0 })
  return []
}

import {
  type Client,
  type ClientOptions,
  createClient,
  type Location,
  type RouteOptions,
  type SiteOptions,
} from '@spanwire/core'
import type { Driver } from '@spanwire/driver'
import type { Dice } from './dice.js'
import { begin, type Fault, type Stage } from './fault.js'
import { Road } from './road.js'
import { makeSite, type Site } from './site.js'
import { wired } from './wire.js'
import type { Witness } from './witness.js'
import { type Host, World } from './world.js'

export interface SimulationOptions {
  /** Decides everything that chance decides. Same seed, same run. */
  readonly seed: number
  /** Each with an engine of its own. At least one. */
  readonly sites: Readonly<Record<string, Location>>
  /** One way to a site, ms, before jitter. Default 1 within a region, 12 otherwise. */
  readonly delayMs?: (from: Location, to: Location) => number
  readonly witness?: Witness
  /** Stands between a client and the network. */
  readonly tamper?: Tamper
}

/** Changes what one machine's client sees of one site. */
export type Tamper = (driver: Driver, machine: string, site: string, host: Host) => Driver

type Routes = readonly RouteOptions[]

/** A machine's process, with one client in it. */
export interface Machine {
  readonly host: Host
  readonly client: Client
}

/** What a client needs besides what the simulation gives it. */
export type MachineOptions = Omit<ClientOptions, 'sites' | 'runtime'> & {
  /** By site: what is not the engine's business, as its mode. */
  readonly site?: (name: string) => Partial<Omit<SiteOptions, 'driver' | 'location' | 'endpoints'>>
  /** Decides what its network does. Default: the dice of the simulation, which all that name none share. */
  readonly dice?: Dice
}

const UNSEEN: Witness = { dialed() {}, hungUp() {}, sent() {}, settled() {} }

/**
 * Whole real clients on a virtual clock and a virtual network, with an engine per site. Time passes only in {@link run};
 * what a client does between two instants takes none.
 */
export class Simulation implements Stage {
  readonly world: World
  readonly sites: Map<string, Site> = new Map()
  readonly machines: Map<string, Machine> = new Map()
  readonly roads: Road[] = []
  /** By machine: its own, and those that it has instead. */
  readonly #routes: Map<string, { own: Routes; instead?: Routes }> = new Map()
  /** Which routes a process followed, and from when on. */
  readonly followed: { readonly process: string; readonly atMs: number; readonly routes: Routes }[] = []
  /** How many processes a machine has had. */
  readonly #processes: Map<string, number> = new Map()
  readonly #options: SimulationOptions

  constructor(options: SimulationOptions) {
    this.#options = options
    this.world = new World(options.seed)
    for (const name of Object.keys(options.sites)) this.sites.set(name, makeSite(this.world, name))
  }

  /**
   * A new machine, whose client dials at once. Names are unique; where a machine has crashed its name starts the next process
   * on it, which has its clock, and the routes that were pushed to it.
   */
  machine(name: string, options: MachineOptions): Machine {
    const host = this.#host(name)
    const { site: more, routes: own = [], dice = this.world.dice, ...rest } = options
    const sites: Record<string, SiteOptions> = {}
    for (const [at, location] of Object.entries(this.#options.sites)) {
      const site = this.site(at)
      const road = new Road(this.world, name, host, at, { baseMs: this.#delay(options.here, location), dice })
      this.roads.push(road)
      const driver = wired(site.driver, road, this.#options.witness ?? UNSEEN)
      sites[at] = {
        location,
        endpoints: [at],
        driver: this.#options.tamper?.(driver, name, at, host) ?? driver,
        ...more?.(at),
      }
    }
    const instead = this.routes(name)
    const routes = instead ?? own
    this.#routes.set(name, { own, ...(instead && { instead }) })
    this.followed.push({ process: host.name, atMs: this.world.now, routes })
    const client = createClient({ ...rest, routes, sites, runtime: host.runtime })
    const machine = { host, client }
    this.machines.set(name, machine)
    return machine
  }

  #host(name: string): Host {
    const before = this.machines.get(name)?.host
    if (before?.isGone === false) throw new RangeError(`there is a machine ${name} already`)
    const count = (this.#processes.get(name) ?? 0) + 1
    this.#processes.set(name, count)
    const host = this.world.host(count === 1 ? name : `${name}#${count}`)
    host.skewMs = before?.skewMs ?? 0
    return host
  }

  routes(machine: string): Routes | undefined {
    return this.#routes.get(machine)?.instead
  }

  reroute(machine: string, routes: Routes | undefined): void {
    const { own } = this.#routes.get(machine) ?? { own: [] }
    this.#routes.set(machine, { own, ...(routes && { instead: routes }) })
    const { client, host } = this.#machine(machine)
    if (host.isGone) return
    client.reroute(routes ?? own)
    this.followed.push({ process: host.name, atMs: this.world.now, routes: routes ?? own })
  }

  #machine(name: string): Machine {
    const machine = this.machines.get(name)
    if (machine === undefined) throw new RangeError(`there is no machine ${name}`)
    return machine
  }

  site(name: string): Site {
    const site = this.sites.get(name)
    if (site === undefined)
      throw new RangeError(`there is no site ${name}; known: ${[...this.sites.keys()].join(', ')}`)
    return site
  }

  /** Calls back at a virtual time from now. */
  after(ms: number, work: () => void): void {
    this.world.after(ms, work, 'input')
  }

  /** Begins now and ends by itself. */
  inflict(fault: Fault): void {
    const end = begin(this, fault)
    this.after(fault.forMs, end)
  }

  /** Lets so much virtual time pass, ms. */
  run(ms: number): Promise<void> {
    return this.world.run(ms)
  }

  #delay(from: Location, to: Location): number {
    if (this.#options.delayMs !== undefined) return this.#options.delayMs(from, to)
    return from.environment === to.environment && from.region === to.region ? 1 : 12
  }
}

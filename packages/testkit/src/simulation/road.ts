import { MessagingError } from '@spanwire/driver'
import { Connection } from './connection.js'
import { type Distance, fair, Pipe, type Weather } from './pipe.js'
import type { Host, World } from './world.js'

/** The share of drivers that tell when their link hears anything. */
const TELLING = 0.1

/** The way between one machine and one site: its weather, and the connections on it. */
export class Road {
  readonly machine: string
  readonly site: string
  /** Towards the site. */
  readonly up: Weather = fair()
  readonly down: Weather = fair()
  readonly connections: Set<Connection> = new Set()
  /** Drivers tell what their links hear, or have to ask. */
  readonly tells: boolean
  /** The share of sends that the site refuses for good. */
  refused = 0
  readonly #world: World
  readonly #host: Host
  readonly #distance: Distance
  /** What the site hears when something gets through again, of connections that are gone at our side. */
  readonly #stray: Pipe

  constructor(world: World, machine: string, host: Host, site: string, distance: Distance) {
    this.machine = machine
    this.site = site
    this.#world = world
    this.#host = host
    this.#distance = distance
    this.tells = world.dice.fork(`road ${host.name} ${site}`).chance(TELLING)
    const { up } = this
    // A reset that a middlebox swallows is sent again.
    const stray: Weather = {
      get flowing() {
        return up.flowing === 'open' ? 'open' : 'blocked'
      },
      slow: 1,
      loss: 0,
    }
    this.#stray = new Pipe(world, stray, distance, undefined)
  }

  get host(): Host {
    return this.#host
  }

  /** Is this one refused? */
  refuses(): boolean {
    return this.refused > 0 && this.#distance.dice.chance(this.refused)
  }

  connect(): Connection {
    const up = new Pipe(this.#world, this.up, this.#distance, undefined)
    const down = new Pipe(this.#world, this.down, this.#distance, this.#host)
    const connection = new Connection(up, down, () => this.connections.delete(connection))
    this.connections.add(connection)
    return connection
  }

  /** At the site's side, when something gets through. */
  later(work: () => void): void {
    this.#stray.push(work)
  }

  /** Changes the weather of one direction or both. */
  change(direction: 'up' | 'down' | 'both', to: Partial<Weather>): void {
    if (direction !== 'down') Object.assign(this.up, to)
    if (direction !== 'up') Object.assign(this.down, to)
    this.#stray.wake()
    for (const connection of [...this.connections]) {
      connection.up.wake()
      connection.down.wake()
    }
  }

  /** The process at our side is gone: the site hears it, behind what was sent. */
  vanish(): void {
    for (const connection of [...this.connections]) connection.vanish()
  }

  /** Every connection is reset, at both sides. */
  reset(): void {
    const error = new MessagingError('unavailable', `the connection to ${this.site} was reset`, { scope: 'link' })
    for (const connection of [...this.connections]) connection.reset(error)
  }
}

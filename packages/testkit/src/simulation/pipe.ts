import type { Dice } from './dice.js'
import type { Host, World } from './world.js'

/** What one direction of a network does with bytes. `blocked`: they wait for better times. `swallowing`: accepted and gone. */
export type Flowing = 'open' | 'blocked' | 'swallowing'

/** One direction between a machine and a site; all connections there share its weather. */
export interface Weather {
  flowing: Flowing
  /** Multiplies the delay. */
  slow: number
  /** Share of segments lost; each costs retransmissions, which hold up what is behind it. */
  loss: number
}

export function fair(): Weather {
  return { flowing: 'open', slow: 1, loss: 0 }
}

/** Delay of a segment, ms: a base, mostly, with a tail. */
export interface Distance {
  readonly baseMs: number
  /** What its segments roll. */
  readonly dice: Dice
}

interface Segment {
  readonly number: number
  /** Sent until it is acknowledged: nothing swallows it. */
  readonly isSure: boolean
  readonly arrive: () => void
}

/** The share of segments that take up to four times as long. */
const SLOWER = 1 / 24

/** First retransmission timeout of TCP, and how often it doubles here at most. */
const RTO_MS = 200
const DOUBLINGS = 5

/** One direction of one connection: what goes in comes out in order, later, unless the connection is reset. */
export class Pipe {
  readonly #world: World
  readonly #weather: Weather
  readonly #distance: Distance
  readonly #to: Host | undefined
  /** In the order of sending. No bound of its own: what may be unacknowledged is bounded by who sends. */
  #waiting: Segment[] = []
  #sent = 0
  #lastArrival = 0
  #broken = false
  /** Segments that have arrived. */
  landed = 0

  /** `to`: the machine on whose event loop things arrive; absent: a site's own. */
  constructor(world: World, weather: Weather, distance: Distance, to: Host | undefined) {
    this.#world = world
    this.#weather = weather
    this.#distance = distance
    this.#to = to
  }

  /** What is on its way never arrives. */
  break(): void {
    this.#broken = true
    this.#waiting = []
  }

  push(arrive: () => void): void {
    if (this.#weather.flowing !== 'swallowing') this.#send({ number: this.#sent++, isSure: false, arrive })
  }

  /** What was sent before arrives, then this, whatever the weather. */
  last(arrive: () => void): void {
    this.#send({ number: this.#sent++, isSure: true, arrive })
  }

  #send(segment: Segment): void {
    if (this.#broken) return
    if (this.#weather.flowing !== 'open' || this.#waiting.length > 0) this.#waiting.push(segment)
    else this.#fly(segment)
  }

  /** The weather has changed. */
  wake(): void {
    if (this.#weather.flowing !== 'open') return
    // What was under way when the cut came goes before what was sent after it.
    const waiting = this.#waiting.sort((one, other) => one.number - other.number)
    this.#waiting = []
    for (const segment of waiting) this.#fly(segment)
  }

  #fly(segment: Segment): void {
    const at = Math.max(this.#world.now + this.#delay(), this.#lastArrival)
    this.#lastArrival = at
    this.#world.after(at - this.#world.now, () => this.#land(segment), 'input', this.#to)
  }

  #land(segment: Segment): void {
    if (this.#broken) return
    if (this.#weather.flowing === 'open') {
      this.landed++
      segment.arrive()
    } else if (this.#weather.flowing === 'blocked' || segment.isSure) this.#waiting.push(segment)
  }

  #delay(): number {
    const { dice } = this.#distance
    const jitter = dice.chance(SLOWER) ? 1 + dice.next() * 3 : 1 + dice.next() * 0.1
    let delay = this.#distance.baseMs * jitter * this.#weather.slow
    for (let tries = 0; tries < DOUBLINGS && dice.chance(this.#weather.loss); tries++) delay += RTO_MS * 2 ** tries
    return delay
  }
}

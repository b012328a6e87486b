import type { BrokerAddress } from '../protocol/requests.js'
import type { Line } from './line.js'

interface Lane {
  /** Absent: it is being dialled. */
  line: Line | undefined
  readonly dialling: Promise<Line>
}

/** One connection to each broker, for one purpose: a question that is answered late holds up only those of its kind. */
export class Lanes {
  readonly #dial: (broker: number) => Promise<Line>
  readonly #drop: (line: Line) => void
  /** By number of the broker; as many as there are brokers. */
  readonly #lanes: Map<number, Lane> = new Map()

  constructor(dial: (broker: number) => Promise<Line>, drop: (line: Line) => void) {
    this.#dial = dial
    this.#drop = drop
  }

  get(broker: BrokerAddress['id']): Promise<Line> {
    const before = this.#lanes.get(broker)
    if (before !== undefined && (before.line === undefined || before.line.up)) return before.dialling
    if (before?.line !== undefined) this.#drop(before.line)
    const lane: Lane = { line: undefined, dialling: this.#dial(broker) }
    this.#lanes.set(broker, lane)
    lane.dialling.then(
      (line) => (lane.line = line),
      () => this.#lanes.delete(broker),
    )
    return lane.dialling
  }
}

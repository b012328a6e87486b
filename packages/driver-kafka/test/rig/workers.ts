import type { Channel, Delivery, Reception } from '@spanwire/driver'
import { patience, send, textOf } from '../../../driver/test/talk.js'

const EVERY_MS = 5

interface Given {
  readonly text: string
  readonly attempt: number
  readonly atMs: number
}

/** Pulls jobs and acks each a moment later, and keeps book. */
export class Worker {
  readonly given: Given[] = []
  /** Confirmed by the group. */
  readonly done: Set<string> = new Set()
  readonly #reception: Reception
  readonly #working: Promise<void>

  constructor(reception: Reception) {
    this.#reception = reception
    this.#working = this.#work()
  }

  async stop(): Promise<void> {
    await this.#reception.stop(patience())
    await this.#working
  }

  async #work(): Promise<void> {
    for (let batch = await this.#reception.next(); batch; batch = await this.#reception.next())
      for (const delivery of batch.deliveries) void this.#take(delivery)
  }

  async #take(delivery: Delivery): Promise<void> {
    const text = textOf(delivery)
    this.given.push({ text, attempt: delivery.attempt, atMs: performance.now() })
    await elapse(10 * EVERY_MS)
    await delivery.settle('ack').then(
      () => this.done.add(text),
      () => undefined,
    )
  }
}

/** Sends jobs without pause, over many keys. */
export class Feed {
  readonly #channel: Channel
  readonly #feeding: Promise<readonly string[]>
  #isOver = false

  constructor(channel: Channel) {
    this.#channel = channel
    this.#feeding = this.#feed()
  }

  /** Sends no more. Gives all that was sent. */
  async end(): Promise<readonly string[]> {
    this.#isOver = true
    return this.#feeding
  }

  async #feed(): Promise<readonly string[]> {
    const sent: string[] = []
    for (let at = 0; !this.#isOver; at++) {
      const [outcome] = await send(this.#channel, { path: `k${at % 50}`, body: `job ${at}` })
      if (outcome?.outcome !== 'done') throw new Error(`job ${at} was not taken`)
      sent.push(`job ${at}`)
      await elapse(EVERY_MS)
    }
    return sent
  }
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

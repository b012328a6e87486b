import { type Delivery, MessagingError } from '@spanwire/driver'

/** The deliveries given last, by site; positions of sites that gave nothing since the reception began; and when that was. */
export interface Places {
  readonly sinceMs: number
  readonly before: Readonly<Record<string, string>>
  readonly last: Readonly<Record<string, Delivery>>
}

/** A delivery as it came: of a topic with a resume point over all sites, of other channels telling when it is `settled`. */
export class Passed implements Delivery {
  readonly path: string
  readonly id: string | undefined
  readonly body: Delivery['body']
  readonly #delivery: Delivery
  readonly #places: Places | undefined
  readonly #settled: ((delivery: Delivery) => void) | undefined

  constructor(delivery: Delivery, places?: Places, settled?: (delivery: Delivery) => void) {
    this.path = delivery.path
    this.id = delivery.id
    this.body = delivery.body
    this.#delivery = delivery
    this.#places = places
    this.#settled = settled
  }

  get timeMs(): number | undefined {
    return this.#delivery.timeMs
  }

  get attempt(): number {
    return this.#delivery.attempt
  }

  get held(): boolean {
    return this.#delivery.held
  }

  headers(): ReturnType<Delivery['headers']> {
    return this.#delivery.headers()
  }

  position(): string | undefined {
    if (this.#places === undefined) return undefined
    const { before, last, sinceMs } = this.#places
    const positions: Record<string, string> = { ...before }
    for (const [site, delivery] of Object.entries(last)) {
      const position = delivery.position()
      // A site without resume points is read from the same time again.
      if (position !== undefined) positions[site] = position
    }
    return JSON.stringify([sinceMs, positions])
  }

  settle(how: Parameters<Delivery['settle']>[0]): Promise<void> {
    const settling = this.#delivery.settle(how)
    this.#settled?.(this)
    return settling
  }

  extend(): Promise<void> {
    return this.#delivery.extend()
  }
}

export interface Position {
  readonly sinceMs: number
  readonly positions: Readonly<Record<string, string>>
}

/** The reverse of `position()`. Throws `conflict` for a text of another maker. */
export function parsePosition(text: string): Position {
  try {
    const [sinceMs, positions] = JSON.parse(text) as [number, Record<string, string>]
    if (Number.isFinite(sinceMs) && Object.values(positions).every((one) => typeof one === 'string'))
      return { sinceMs, positions }
  } catch {
    // Falls through.
  }
  throw new MessagingError('conflict', 'the position is of another log', { scope: 'channel' })
}

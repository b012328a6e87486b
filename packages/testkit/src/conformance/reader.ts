import type { Batch, Delivery, Reception } from '@spanwire/driver'
import { textOf } from './messages.js'
import { turn, within } from './wait.js'

type Loss = NonNullable<Batch['lost']>

export type ReaderEnd = { readonly at: 'open' } | { readonly at: 'ended' } | { readonly at: 'failed'; error: unknown }

/** Pulls a reception without pause and keeps what came. Bodies are read at once, as views may be reused. */
export class Reader {
  readonly reception: Reception
  readonly deliveries: Delivery[] = []
  /** The body of each delivery. */
  readonly texts: string[] = []
  readonly losses: Loss[] = []
  /** How many deliveries had come when the engine said that all stored ones were here. */
  caughtUpAfter: number | undefined
  end: ReaderEnd = { at: 'open' }
  readonly #settled: Promise<void>[] = []
  readonly #each: (delivery: Delivery) => Promise<void> | undefined
  readonly #patienceMs: number
  readonly #looks = new Set<() => void>()

  /** `each` is called as a delivery comes, for example to settle it. */
  constructor(reception: Reception, patienceMs: number, each: (delivery: Delivery) => Promise<void> | undefined) {
    this.reception = reception
    this.#patienceMs = patienceMs
    this.#each = each
    void this.#pump()
  }

  /** Waits until so many deliveries are here, or until the claim holds. */
  async until(
    goal: number | ((reader: Reader) => boolean),
    ms: number = this.#patienceMs,
  ): Promise<readonly Delivery[]> {
    const reached = typeof goal === 'number' ? () => this.deliveries.length >= goal : () => goal(this)
    const what = typeof goal === 'number' ? `${goal} deliveries` : 'the awaited deliveries'
    await this.#wait(what, () => reached() || this.end.at !== 'open', ms)
    if (!reached()) throw new Error(`the reception ended before ${what}: ${this.#picture()}`)
    return this.deliveries
  }

  /** Waits for the message with this body. */
  async untilText(text: string): Promise<void> {
    await this.until((reader) => reader.texts.includes(text))
  }

  /** The engine confirmed every settle that `each` began. */
  async settled(): Promise<void> {
    await within('settling', Promise.all(this.#settled), this.#patienceMs)
  }

  /** Waits for the end of the reception. */
  async ended(): Promise<ReaderEnd> {
    await this.#wait('the end of the reception', () => this.end.at !== 'open', this.#patienceMs)
    return this.end
  }

  lostCount(): number {
    return this.losses.reduce((sum, loss) => sum + (loss.count ?? 0), 0)
  }

  /** Looks again at every change; one timer for the whole wait. */
  async #wait(what: string, holds: () => boolean, ms: number): Promise<void> {
    if (holds()) return
    let look = () => {}
    const held = new Promise<void>((resolve) => {
      look = () => {
        if (holds()) resolve()
      }
    })
    this.#looks.add(look)
    await within(what, held, ms)
      .catch((error: unknown) => {
        throw new Error(`${String(error)}; ${this.#picture()}`)
      })
      .finally(() => this.#looks.delete(look))
  }

  #wake(): void {
    for (const look of this.#looks) look()
  }

  #picture(): string {
    const lost = this.losses.length === 0 ? '' : `, lost ${JSON.stringify(this.losses.slice(0, 3))}`
    const last = this.texts
      .slice(-3)
      .map((text) => (text.length > 20 ? `${text.slice(0, 20)}…` : text))
      .join(' ')
    return `${this.deliveries.length} came, the last ${last}${lost}, reception ${this.end.at}`
  }

  async #pump(): Promise<void> {
    try {
      for (let batch = await this.reception.next(); batch !== undefined; batch = await this.reception.next()) {
        this.#take(batch)
        // A driver that answers every pull at once with an empty batch must not stop the clock of the test.
        if (batch.deliveries.length === 0) await turn()
      }
      this.end = { at: 'ended' }
    } catch (error) {
      this.end = { at: 'failed', error }
    }
    this.#wake()
  }

  #take(batch: Batch): void {
    if (batch.lost !== undefined) this.losses.push(batch.lost)
    for (const delivery of batch.deliveries) {
      this.deliveries.push(delivery)
      this.texts.push(textOf(delivery))
      const settling = this.#each(delivery)
      if (settling === undefined) continue
      settling.catch(() => {})
      this.#settled.push(settling)
    }
    if (batch.caughtUp) this.caughtUpAfter ??= this.deliveries.length
    this.#wake()
  }
}

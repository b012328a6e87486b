import { MessagingError, type Sent } from '@spanwire/core'
import type { OrderEvent, PlacedOrder } from '../contracts.js'

/**
 * How an order stands. `accepted`: a site has it. `unknown`: its answer was lost, so it may have been taken. `unconfirmed`: accepted,
 * and the desk has said nothing for {@link SILENT_MS}: somebody should ask. `failed`: provably nobody will ever handle it.
 */
export type OrderState = 'sending' | 'accepted' | 'filled' | 'rejected' | 'unconfirmed' | 'unknown' | 'failed'

export interface OrderLine {
  readonly order: PlacedOrder
  readonly at: number
  readonly state: OrderState
  /** Who accepted it, then where the desk took it from. */
  readonly site: string | undefined
  readonly price: number | undefined
  /** How often the desk handled it. */
  readonly runs: number
  readonly note: string
}

const MAX_LINES = 50
const SILENT_MS = 15_000

/** The orders of this page, newest first; the oldest go beyond {@link MAX_LINES}. */
export class OrderBook {
  lines: readonly OrderLine[] = []
  readonly #listeners = new Set<() => void>()

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Sends it and follows its way. Never rejects: how it ended is in the line. */
  async place(order: PlacedOrder, send: (order: PlacedOrder) => Promise<Sent>): Promise<void> {
    const line = {
      order,
      at: Date.now(),
      state: 'sending',
      site: undefined,
      price: undefined,
      runs: 0,
      note: '',
    } as const
    this.lines = [line, ...this.lines].slice(0, MAX_LINES)
    this.#tell()
    try {
      const { sites } = await send(order)
      this.#settle(order.id, 'accepted', sites.join(', '), '')
    } catch (error) {
      const unknown = MessagingError.is(error) && error.code === 'outcome-unknown'
      this.#settle(
        order.id,
        unknown ? 'unknown' : 'failed',
        undefined,
        error instanceof Error ? error.message : String(error),
      )
    }
    setTimeout(() => this.#doubt(order.id), SILENT_MS)
  }

  /** What the desk says of an order. */
  readonly take = ({ value }: { readonly value: OrderEvent }): void => {
    this.#change(value.id, (line) => ({
      ...line,
      state: value.state,
      site: value.site,
      price: value.price,
      runs: Math.max(value.runs, line.runs + 1),
      note: value.reason,
    }))
  }

  /** The desk may have been quicker than the answer. */
  #settle(id: string, state: OrderState, site: string | undefined, note: string): void {
    this.#change(id, (line) => (line.state === 'sending' ? { ...line, state, site, note } : line))
  }

  #doubt(id: string): void {
    this.#change(id, (line) =>
      line.state === 'accepted'
        ? { ...line, state: 'unconfirmed', note: 'accepted, and the desk is silent: ask' }
        : line,
    )
  }

  #change(id: string, change: (line: OrderLine) => OrderLine): void {
    this.lines = this.lines.map((line) => (line.order.id === id ? change(line) : line))
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

import type { Tick } from './contracts.js'
import type { TradingDay } from './prices.js'
import { printsOf } from './ticks.js'

/** All ticks of one day by their number: the first of every ticker, then the second, as they are published. Pure. */
export function ticksOf({ day, bars }: TradingDay, round: number, of: number): readonly (readonly Tick[])[] {
  const tickers = [...bars].map(([symbol, bar], at) => ({
    symbol,
    previous: bar.previous,
    prints: printsOf(bar, of, round * 100 + at),
  }))
  return Array.from({ length: of }, (_, at) =>
    tickers.map(({ symbol, previous, prints }) => {
      const { price = 0, size = 0 } = prints[at] ?? {}
      return { symbol, day, round, n: at + 1, of, price, size, previous }
    }),
  )
}

/**
 * How far a replay is: `pace` ticks a millisecond, times 20 while a storm lasts, without a limit once the day is to be
 * finished. Time comes in by argument.
 */
export class Clock {
  readonly #pace: number
  #at: number
  #due = 0
  #stormUntil = 0
  #hurry = false

  constructor(pace: number, nowMs: number) {
    this.#pace = pace
    this.#at = nowMs
  }

  storm(nowMs: number, forMs: number): void {
    this.due(nowMs)
    this.#stormUntil = nowMs + forMs
  }

  finish(): void {
    this.#hurry = true
  }

  /** A new day begins: nothing is due, and nobody is in a hurry. */
  begin(nowMs: number): void {
    this.#at = nowMs
    this.#due = 0
    this.#hurry = false
  }

  /** Ticks of each ticker that should have been published by now. */
  due(nowMs: number): number {
    const stormMs = Math.max(0, Math.min(nowMs, this.#stormUntil) - this.#at)
    this.#due += this.#pace * (nowMs - this.#at + stormMs * (STORM - 1))
    this.#at = nowMs
    return this.#hurry ? Infinity : Math.floor(this.#due)
  }
}

const STORM = 20

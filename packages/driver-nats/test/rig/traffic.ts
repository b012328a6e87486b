import { type Client, json, type Message, type StandardSchema, type Subscription, topic } from '@spanwire/core'

export interface Tick {
  readonly symbol: string
  readonly n: number
}

export const ticks = topic('ticks.{symbol}', json as StandardSchema<Tick>, { delivery: 'durable' })

const SYMBOLS = ['AAPL', 'IBM', 'MSFT', 'SAP']

export interface Publishing {
  /** So many were acknowledged. */
  acked(): number
  /** Resolves when so many are acknowledged. */
  until(count: number): Promise<void>
  /** No more are begun; resolves when all that were are settled. Gives the last number of each symbol. */
  stop(): Promise<Readonly<Record<string, number>>>
}

/** Publishes without pause, one message of each symbol after the other, each symbol numbered from 1. Rejects in `stop` with what could not be published. */
export function publishing(client: Client): Publishing {
  const last: Record<string, number> = {}
  const waits = new Set<() => void>()
  let acked = 0
  let isOver = false
  const lane = async (symbol: string): Promise<void> => {
    for (let n = 1; !isOver; n++) {
      await client.publish(ticks, { symbol, n }, { timeout: '30s' })
      last[symbol] = n
      acked += 1
      for (const look of waits) look()
    }
  }
  const lanes = Promise.all(SYMBOLS.map(lane))
  lanes.catch(() => undefined)
  return {
    acked: () => acked,
    until: (count) => {
      const reached = new Promise<void>((resolve) => {
        const look = (): void => {
          if (acked < count) return
          waits.delete(look)
          resolve()
        }
        waits.add(look)
        look()
      })
      return Promise.race([reached, lanes.then(() => undefined)])
    },
    stop: async () => {
      isOver = true
      await lanes
      return last
    },
  }
}

export interface Reading {
  readonly subscription: Subscription<Tick>
  /** What came, in order. */
  readonly got: Message<Tick>[]
  /** Resolves when the last number of each symbol is there. */
  upTo(last: Readonly<Record<string, number>>): Promise<void>
}

/** Reads without pause. */
export function reading(subscription: Subscription<Tick>): Reading {
  const got: Message<Tick>[] = []
  const newest: Record<string, number> = {}
  let look = (): void => undefined
  void (async () => {
    for await (const message of subscription) {
      got.push(message)
      const { symbol, n } = message.value
      newest[symbol] = Math.max(newest[symbol] ?? 0, n)
      look()
    }
  })()
  return {
    subscription,
    got,
    upTo: (last) =>
      new Promise((resolve) => {
        look = () => {
          if (Object.entries(last).every(([symbol, n]) => (newest[symbol] ?? 0) >= n)) resolve()
        }
        look()
      }),
  }
}

/** What is wrong with it, symbol by symbol: missing, more than once, out of order. Nothing: `{}`. */
export function flaws(got: readonly Message<Tick>[], last: Readonly<Record<string, number>>): object {
  const found: Record<string, object> = {}
  for (const [symbol, count] of Object.entries(last)) {
    const numbers = got.filter(({ value }) => value.symbol === symbol).map(({ value }) => value.n)
    const seen = new Set(numbers)
    const missing = Array.from({ length: count }, (_, at) => at + 1).filter((n) => !seen.has(n))
    const doubled = numbers.length - seen.size
    const disordered = numbers.filter((n, at) => n < (numbers[at - 1] ?? 0)).length
    if (missing.length + doubled + disordered > 0)
      found[symbol] = { of: count, missing: missing.slice(0, 20), doubled, disordered }
  }
  return found
}

import { type Client, json, type Message, type StandardSchema, type Subscription, topic } from '@spanwire/core'

export interface Tick {
  readonly symbol: string
  readonly n: number
}

export const ticks = topic('ticks.{symbol}', json as StandardSchema<Tick>, { delivery: 'durable' })

/** How long a reader may take to have all: a site that comes back may need an election first. */
const COMPLETE_MS = 60_000
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
  /** Resolves when so many of each symbol are there; after a minute all the same. */
  upTo(last: Readonly<Record<string, number>>): Promise<void>
}

/** Reads without pause. */
export function reading(subscription: Subscription<Tick>): Reading {
  const got: Message<Tick>[] = []
  const came = new Map<string, Set<number>>()
  let look = (): void => undefined
  void (async () => {
    for await (const message of subscription) {
      got.push(message)
      const { symbol, n } = message.value
      came.set(symbol, (came.get(symbol) ?? new Set()).add(n))
      look()
    }
  })()
  return {
    subscription,
    got,
    upTo: (last) =>
      new Promise((resolve) => {
        const late = setTimeout(resolve, COMPLETE_MS)
        look = () => {
          if (!Object.entries(last).every(([symbol, n]) => (came.get(symbol)?.size ?? 0) >= n)) return
          clearTimeout(late)
          resolve()
        }
        look()
      }),
  }
}

/** What is wrong with it, symbol by symbol: missing, more than once, out of order without being marked late. Nothing: `{}`. */
export function flaws(got: readonly Message<Tick>[], last: Readonly<Record<string, number>>): object {
  const found: Record<string, object> = {}
  for (const [symbol, count] of Object.entries(last)) {
    const ours = got.filter(({ value }) => value.symbol === symbol)
    const numbers = ours.map(({ value }) => value.n)
    const inTime = ours.filter(({ late }) => !late).map(({ value }) => value.n)
    const seen = new Set(numbers)
    const missing = Array.from({ length: count }, (_, at) => at + 1).filter((n) => !seen.has(n))
    const doubled = numbers.length - seen.size
    const disordered = inTime.filter((n, at) => n < (inTime[at - 1] ?? 0)).length
    if (missing.length + doubled + disordered > 0)
      found[symbol] = { of: count, missing: missing.slice(0, 20), doubled, disordered }
  }
  return found
}

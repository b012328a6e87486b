import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Bar } from './bar.js'

/** A trading day as it really was: each ticker's bar, and its close the day before. */
export interface TradingDay {
  readonly day: string
  readonly bars: ReadonlyMap<string, Bar & { readonly previous: number }>
}

/** The day of Facebook's first trades; from here on every day has all five tickers. */
const FIRST_DAY = '2012-05-18'

/** The trading days from {@link FIRST_DAY} on, oldest first. Throws when the file does not read as its note says. */
export function readDays(file: URL): readonly TradingDay[] {
  const [header, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n')
  if (header?.startsWith('Ticker,Date,Open,High,Low,Close,Volume') !== true)
    throw new Error(`${file.pathname} has no header of Ticker,Date,Open,...: is it the file that data/README.md names?`)
  const days = new Map<string, Map<string, Bar & { previous: number }>>()
  const closes = new Map<string, number>()
  for (const line of lines) {
    const { ticker, day, bar } = parseLine(line)
    const previous = closes.get(ticker) ?? bar.open
    closes.set(ticker, bar.close)
    if (day < FIRST_DAY) continue
    const bars = days.get(day) ?? new Map<string, Bar & { previous: number }>()
    days.set(day, bars.set(ticker, { ...bar, previous }))
  }
  // The last row of the file stands alone: its other tickers are missing.
  const complete = [...days].filter(([, bars]) => bars.size === 5)
  return complete.sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, bars]) => ({ day, bars }))
}

function parseLine(line: string): { ticker: string; day: string; bar: Bar } {
  const [ticker = '', day = '', open, high, low, close, volume] = line.split(',')
  const money = (text: string | undefined): number => Math.round(Number(text) * 10_000)
  const bar = {
    open: money(open),
    high: money(high),
    low: money(low),
    close: money(close),
    volume: Number(volume),
  }
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || !Object.values(bar).every(Number.isSafeInteger))
    throw new Error(`this line of the prices is none: ${line}`)
  return { ticker, day, bar }
}

import type { Bar } from '../bar.js'
import type { Tick } from '../contracts.js'
import { differences, Tally } from '../proof.js'
import type { SiteName } from '../routes.js'

/** A tick as it reached the page. */
export interface Arrived {
  readonly value: Tick
  readonly site: string
  readonly timeMs: number | undefined
}

/** What a day came to once it was over. */
export interface Verdict {
  readonly round: number
  readonly day: string
  readonly ticks: number
  readonly lost: number
  readonly doubled: number
  readonly disordered: number
  /** Tickers whose rebuilt day differs from the real one. */
  readonly differing: readonly string[]
}

/** One ticker's day so far, for the chart: session seconds and dollars. */
export interface Series {
  readonly times: number[]
  readonly prices: number[]
}

/** A moment worth a line in the chart. */
export interface Mark {
  readonly time: number
  readonly text: string
}

/** How a site serves: of the last ticks, its part and their age. */
export interface Service {
  readonly perSecond: number
  /** From publishing to the page, the middle one of the last ticks, ms. */
  readonly ageMs: number | undefined
}

type RealBars = Readonly<Record<string, Bar>>

const OPENS = 9.5 * 3_600
const CLOSES = 16 * 3_600
const MAX_VERDICTS = 20
const MAX_MARKS = 20
const MAX_SAMPLES = 400
const WINDOW_MS = 3_000
const DRAW_MS = 120
const MAX_AHEAD = 2_000

/**
 * All that the page got of the quotes, and what it makes of them: the rebuilt days, the chart, who served. It draws nothing; who
 * listens is told at most each {@link DRAW_MS}. Bounded by one day's ticks and the limits above.
 */
export class Ledger {
  /** Counts the changes that listeners were told of. */
  version = 0
  round = 0
  day = ''
  verdicts: readonly Verdict[] = []
  marks: readonly Mark[] = []
  readonly #tallies = new Map<string, Tally>()
  readonly #series = new Map<string, Series>()
  readonly #real = new Map<string, RealBars>()
  readonly #samples = new Map<string, { at: number; ageMs: number }[]>()
  /** Ticks of the next day, and whose, while others of this day may still come: order is kept for each symbol, not across them. */
  readonly #ahead: Arrived[] = []
  readonly #begun = new Set<string>()
  readonly #listeners = new Set<() => void>()
  readonly #realOf: (day: string) => Promise<RealBars>
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #since = Date.now()
  #now = OPENS

  /** `realOf` tells what a day really was, from another source than the ticks. */
  constructor(realOf: (day: string) => Promise<RealBars>) {
    this.#realOf = realOf
  }

  readonly take = (arrived: Arrived): void => {
    const { round, symbol } = arrived.value
    if (round < this.round) return
    if (round === this.round || this.round === 0 || this.#isConcluded) {
      this.#count(arrived)
      return
    }
    this.#ahead.push(arrived)
    this.#begun.add(symbol)
    if (this.#ahead.length === MAX_AHEAD || this.symbols.every((one) => this.#begun.has(one))) this.#conclude()
  }

  #count({ value, site, timeMs }: Arrived): void {
    if (value.round > this.round) this.#begin(value)
    const tally = this.#tallies.get(value.symbol) ?? new Tally()
    this.#tallies.set(value.symbol, tally)
    tally.add(value)
    this.#draw(value)
    // What was replayed from before this page was here says nothing about how quick a site is.
    if (timeMs !== undefined && timeMs > this.#since) this.#sample(site, timeMs)
    if (tally.complete) this.#judge()
    this.#later()
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tally(symbol: string): Tally | undefined {
    return this.#tallies.get(symbol)
  }

  get symbols(): readonly string[] {
    return [...this.#tallies.keys()].sort()
  }

  series(symbol: string): Series {
    return this.#series.get(symbol) ?? { times: [], prices: [] }
  }

  /** Absent until it was fetched. */
  real(symbol: string): Bar | undefined {
    return this.#real.get(this.day)?.[symbol]
  }

  /** Seconds since midnight of the exchange. */
  get sessionTime(): number {
    return this.#now
  }

  mark(text: string): void {
    this.marks = [...this.marks, { time: this.#now, text }].slice(-MAX_MARKS)
    this.#later()
  }

  service(site: SiteName): Service {
    const recent = (this.#samples.get(site) ?? []).filter(({ at }) => at > Date.now() - WINDOW_MS)
    const ages = recent.map(({ ageMs }) => ageMs).sort((a, b) => a - b)
    return { perSecond: (recent.length * 1_000) / WINDOW_MS, ageMs: ages[ages.length >> 1] }
  }

  #begin({ round, day }: Tick): void {
    this.round = round
    this.day = day
    this.marks = []
    this.#tallies.clear()
    this.#series.clear()
    if (this.#real.has(day)) return
    this.#real.clear()
    this.#realOf(day)
      .then((bars) => {
        this.#real.set(day, bars)
        this.#judge()
        this.#later()
      })
      .catch(() => this.#later())
  }

  get #isConcluded(): boolean {
    return this.verdicts.at(-1)?.round === this.round
  }

  #judge(): void {
    const all = [...this.#tallies.values()]
    if (all.length === 0 || this.#isConcluded) return
    const real = this.#real.get(this.day)
    if (real && all.length === Object.keys(real).length && all.every(({ complete }) => complete)) this.#conclude()
  }

  /** All is here, or each symbol's next day began: what is not here by now is lost. */
  #conclude(): void {
    const all = [...this.#tallies]
    const real = this.#real.get(this.day) ?? {}
    const sum = (of: (tally: Tally) => number): number => all.reduce((total, [, tally]) => total + of(tally), 0)
    const verdict: Verdict = {
      round: this.round,
      day: this.day,
      ticks: sum(({ received }) => received),
      lost: sum(({ expected, received }) => expected - received),
      doubled: sum(({ doubled }) => doubled),
      disordered: sum(({ disordered }) => disordered),
      differing: all.flatMap(([symbol, { bar }]) => {
        const bars = real[symbol]
        return bars && differences(bar, bars).length === 0 ? [] : [symbol]
      }),
    }
    this.verdicts = [...this.verdicts, verdict].slice(-MAX_VERDICTS)
    this.#begun.clear()
    for (const one of this.#ahead.splice(0)) this.take(one)
  }

  #draw({ symbol, n, of, price }: Tick): void {
    const series = this.series(symbol)
    this.#series.set(symbol, series)
    const time = OPENS + ((CLOSES - OPENS) * (n - 1)) / Math.max(1, of - 1)
    // Charts need rising times; the proof has counted what is late or double.
    if (time <= (series.times.at(-1) ?? 0)) return
    series.times.push(time)
    series.prices.push(price / 10_000)
    this.#now = time
  }

  #sample(site: string, timeMs: number): void {
    const samples = this.#samples.get(site) ?? []
    this.#samples.set(site, samples)
    const at = Date.now()
    samples.push({ at, ageMs: Math.max(0, at - timeMs) })
    if (samples.length > MAX_SAMPLES * 2) samples.splice(0, MAX_SAMPLES)
  }

  #later(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.version += 1
      for (const listener of this.#listeners) listener()
    }, DRAW_MS)
  }
}

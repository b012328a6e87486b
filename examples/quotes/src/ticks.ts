import type { Bar } from './bar.js'

/** One print of the tape: price in 1/10,000 dollar, size in shares. */
export interface Print {
  readonly price: number
  readonly size: number
}

/** Fewer cannot start at the open, touch the high and the low, and end at the close. */
export const MIN_TICKS = 4

/**
 * One trading day as `count` prints, the same for the same seed: a bridge that starts at the open, touches the high and the
 * low, ends at the close and never leaves them, with the day's volume spread in a U shape that adds up exactly. Pure.
 */
export function printsOf(bar: Bar, count: number, seed: number): readonly Print[] {
  if (!Number.isInteger(count) || count < MIN_TICKS)
    throw new RangeError(`a day needs ${MIN_TICKS} ticks, not ${count}`)
  const random = mulberry32(seed)
  const prices = bridge(bar, count, random)
  const sizes = spread(bar.volume, count, random)
  return prices.map((price, at) => ({ price, size: sizes[at] ?? 0 }))
}

function bridge(bar: Bar, count: number, random: () => number): readonly number[] {
  // Apart from each other and from both ends, or a day would jump from its low to its high.
  const first = between(Math.max(1, Math.floor(count * 0.12)), Math.floor((count - 1) * 0.45), random)
  const second = between(Math.ceil((count - 1) * 0.55), Math.min(count - 2, Math.ceil(count * 0.88)), random)
  const highFirst = random() < 0.5
  const anchors = [
    { at: 0, price: bar.open },
    { at: first, price: highFirst ? bar.high : bar.low },
    { at: second, price: highFirst ? bar.low : bar.high },
    { at: count - 1, price: bar.close },
  ]
  const prices = Array.from({ length: count }, () => bar.open)
  anchors.slice(1).forEach((to, leg) => {
    const from = anchors[leg] ?? to
    walk(prices, from, to, bar, random)
  })
  return prices
}

interface Anchor {
  readonly at: number
  readonly price: number
}

/** A random walk pinned at both ends; what would leave the day's range is folded back into it. */
function walk(prices: number[], from: Anchor, to: Anchor, { low, high }: Bar, random: () => number): void {
  const steps = to.at - from.at
  const wobble = ((high - low) / Math.sqrt(prices.length)) * 0.9
  const drift = [0]
  for (let step = 1; step <= steps; step += 1) drift.push((drift[step - 1] ?? 0) + (random() - 0.5) * 2 * wobble)
  const end = drift[steps] ?? 0
  for (let step = 0; step <= steps; step += 1) {
    const share = step / steps
    const price = from.price + (to.price - from.price) * share + (drift[step] ?? 0) - end * share
    prices[from.at + step] = fold(Math.round(price), low, high)
  }
}

function fold(price: number, low: number, high: number): number {
  const inside = price < low ? 2 * low - price : price > high ? 2 * high - price : price
  return Math.min(high, Math.max(low, inside))
}

/** Twice as much at the open and the close as at noon, with noise; the rounding's rest goes to the first prints. */
function spread(volume: number, count: number, random: () => number): readonly number[] {
  const weights = Array.from({ length: count }, (_, at) => {
    const fromNoon = (2 * at) / (count - 1) - 1
    return (1 + fromNoon ** 2) * (0.5 + random())
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const sizes = weights.map((weight) => Math.floor((volume * weight) / total))
  const rest = volume - sizes.reduce((sum, size) => sum + size, 0)
  return sizes.map((size, at) => size + Math.floor(rest / count) + (at < rest % count ? 1 : 0))
}

/** A whole number in [from, to]. */
function between(from: number, to: number, random: () => number): number {
  return from + Math.floor(random() * (to - from + 1))
}

/** A small seeded generator of numbers in [0, 1); Tommy Ettinger's mulberry32, which is in the public domain. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

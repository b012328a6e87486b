/** A trading day of one ticker. Prices in 1/10,000 dollar, volume in shares. */
export interface Bar {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

export const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const

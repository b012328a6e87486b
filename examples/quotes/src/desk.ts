/** A dealer's price: half a basis point away from the last trade, and a little more for size. In 1/10,000 dollar. Pure. */
export function quoteFor(last: number, side: 'buy' | 'sell', quantity: number): number {
  const away = 0.00005 + Math.min(0.002, quantity / 50_000_000)
  return Math.round(last * (side === 'buy' ? 1 + away : 1 - away))
}

/** The largest order that the desk takes. */
export const MAX_QUANTITY = 100_000

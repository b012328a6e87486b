import { describe, expect, it } from 'vitest'
import { type Arrived, Ledger } from './ledger.js'

const OF = 3
const arrived = (round: number, symbol: string, n: number): Arrived => ({
  value: { round, day: `day ${round}`, symbol, n, of: OF, price: 10, size: 1, previous: 10 },
  site: 'frankfurt',
  timeMs: undefined,
})

function ledgerOf(...ticks: readonly (readonly [round: number, symbol: string, n: number])[]): Ledger {
  const ledger = new Ledger(async () => ({}))
  for (const tick of ticks) ledger.take(arrived(...tick))
  return ledger
}

describe('a day', () => {
  it('is not over while a symbol may still come, whatever the others do', () => {
    const ledger = ledgerOf([1, 'A', 1], [1, 'A', 2], [1, 'A', 3], [1, 'B', 1], [1, 'B', 2], [2, 'A', 1])
    expect([ledger.round, ledger.verdicts.length]).toEqual([1, 0])
    ledger.take(arrived(1, 'B', 3))
    ledger.take(arrived(2, 'B', 1))
    expect(ledger.verdicts).toMatchObject([{ round: 1, ticks: 6, lost: 0, doubled: 0, disordered: 0 }])
    expect([ledger.round, ledger.tally('A')?.received, ledger.tally('B')?.received]).toEqual([2, 1, 1])
  })

  it('has lost what is not there when the next one of each symbol has begun', () => {
    const ledger = ledgerOf([1, 'A', 1], [1, 'A', 3], [1, 'B', 1], [2, 'B', 1], [2, 'A', 1])
    expect(ledger.verdicts).toMatchObject([{ round: 1, ticks: 3, lost: 3 }])
  })
})

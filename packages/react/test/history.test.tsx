import { act, type ReactNode } from 'react'
import { describe, expect, it } from 'vitest'
import { type History, useHistory } from '../src/index.js'
import { open } from './open.js'
import { publisher } from './site.js'
import { pass, provide, stage } from './stage.js'
import { type Trade, trade, trades } from './trades.js'

function Last({
  limit,
  seen,
}: {
  readonly limit: number
  readonly seen: History<{ readonly value: Trade }>[]
}): ReactNode {
  const history = useHistory(trades, { limit })
  seen.push(history)
  return history.items.map(({ value }) => `${value.price};`)
}

function Volume({ batches }: { readonly batches: number[] }): ReactNode {
  const { items } = useHistory(trades, {
    limit: 1,
    reduce: (before: readonly number[], batch) => {
      batches.push(batch.length)
      return [(before[0] ?? 0) + batch.reduce((sum, { value }) => sum + value.price, 0)]
    },
  })
  return `${items[0] ?? 0}`
}

describe('useHistory', () => {
  it('keeps the last items, says that older ones were dropped, and draws once per frame', async () => {
    const { client } = await open('trades')
    const seen: History<{ readonly value: Trade }>[] = []
    const page = await stage(provide(client, <Last limit={3} seen={seen} />))
    await pass(50)
    expect(seen.at(-1)).toMatchObject({ items: [], status: 'live', truncated: false, gaps: 0 })
    const before = seen.length
    await trade(client, 1, 3)
    await pass(16)
    expect(page.text).toBe('1;2;3;')
    expect(seen.at(-1)?.truncated).toBe(false)
    expect(seen.length - before).toBe(1)
    await trade(client, 4, 5)
    await pass(16)
    expect(page.text).toBe('3;4;5;')
    expect(seen.at(-1)?.truncated).toBe(true)
  })

  it('forgets what was there on clear', async () => {
    const { client } = await open('trades')
    const seen: History<{ readonly value: Trade }>[] = []
    const page = await stage(provide(client, <Last limit={2} seen={seen} />))
    await pass(50)
    await trade(client, 1, 5)
    await pass(16)
    await act(async () => seen.at(-1)?.clear())
    await pass(16)
    expect(page.text).toBe('')
    expect(seen.at(-1)).toMatchObject({ items: [], truncated: false })
    expect(seen.at(-1)?.clear).toBe(seen[0]?.clear)
    await trade(client, 6, 6)
    await pass(16)
    expect(page.text).toBe('6;')
  })

  it('folds every message into what reduce makes of it, however many come in a frame', async () => {
    const { client } = await open('trades')
    const batches: number[] = []
    const page = await stage(provide(client, <Volume batches={batches} />))
    await pass(50)
    await trade(client, 1, 2500)
    await pass(50)
    expect(page.text).toBe(String((2500 * 2501) / 2))
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(2500)
    expect(Math.max(...batches)).toBeLessThanOrEqual(1000)
  })

  it('counts what is known to be missing until it comes after all', async () => {
    const { client, engine } = await open('trades')
    const seen: History<{ readonly value: Trade }>[] = []
    const page = await stage(provide(client, <Last limit={10} seen={seen} />))
    await pass(50)
    const put = await publisher(engine, trades)
    put(1, { symbol: 'A', price: 1 })
    put(3, { symbol: 'A', price: 3 })
    await pass(60_000)
    expect(page.text).toBe('1;3;')
    expect(seen.at(-1)?.gaps).toBe(1)
    put(2, { symbol: 'A', price: 2 })
    await pass(50)
    expect(page.text).toBe('1;3;2;')
    expect(seen.at(-1)?.gaps).toBe(0)
  })
})

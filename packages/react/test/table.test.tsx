import { topic } from '@spanwire/core'
import type { ReactNode } from 'react'
import { describe, expect, it } from 'vitest'
import { type TableRows, useKeys, useTable } from '../src/index.js'
import { open } from './open.js'
import { schema } from './schema.js'
import { pass, provide, stage } from './stage.js'

interface Price {
  readonly venue: string
  readonly symbol: string
  readonly bid: number
}

type PriceParams = { readonly venue: string; readonly symbol: string }

const prices = topic('prices.{venue}.{symbol}', schema<Price>(), { latest: true, delivery: 'durable' })

function Keys({ seen, venue }: { readonly seen: (readonly PriceParams[])[]; readonly venue?: string }): ReactNode {
  const keys = useKeys(prices, venue === undefined ? {} : { params: { venue } })
  seen.push(keys)
  return keys.map(({ venue: at, symbol }) => `${at}/${symbol};`)
}

function Whole({ seen }: { readonly seen: TableRows<Price, PriceParams>[] }): ReactNode {
  const table = useTable(prices)
  seen.push(table)
  return table.rows.map(({ value }) => `${value.bid};`)
}

function Sum({ seen }: { readonly seen: number[] }): ReactNode {
  seen.push(useTable(prices, { select: ({ rows }) => rows.reduce((sum, { value }) => sum + value.bid, 0) }))
  return null
}

describe('useKeys', () => {
  it('gives the parameters of all rows in order, anew only when one comes or goes', async () => {
    const { client } = await open('prices')
    const seen: (readonly PriceParams[])[] = []
    const page = await stage(provide(client, <Keys seen={seen} />))
    await client.publish(prices, { venue: 'X', symbol: 'BRK.B', bid: 1 })
    await client.publish(prices, { venue: 'X', symbol: 'AAPL', bid: 1 })
    await pass(50)
    expect(page.text).toBe('X/AAPL;X/BRK.B;')
    const before = seen.at(-1)
    await client.publish(prices, { venue: 'X', symbol: 'AAPL', bid: 2 })
    await pass(50)
    expect(seen.at(-1)).toBe(before)
    await client.publish(prices, { venue: 'N', symbol: 'IBM', bid: 2 })
    await pass(50)
    expect(page.text).toBe('N/IBM;X/AAPL;X/BRK.B;')
    await client.remove(prices, { venue: 'X', symbol: 'AAPL' })
    await pass(50)
    expect(page.text).toBe('N/IBM;X/BRK.B;')
  })

  it('gives only those that its parameters name', async () => {
    const { client, wire } = await open('prices')
    for (const venue of ['X', 'N']) await client.publish(prices, { venue, symbol: 'IBM', bid: 1 })
    const page = await stage(provide(client, <Keys seen={[]} venue="N" />))
    await pass(50)
    expect(page.text).toBe('N/IBM;')
    expect(wire.subscribes).toBe(1)
  })
})

describe('useTable', () => {
  it('gives all rows, drawn once per frame, the same object while nothing changes', async () => {
    const { client, wire } = await open('prices')
    const seen: TableRows<Price, PriceParams>[] = []
    const page = await stage(
      provide(
        client,
        <>
          <Whole seen={seen} />
          <Keys seen={[]} />
        </>,
      ),
    )
    await pass(50)
    expect(seen.map(({ status }) => status)).toEqual(['loading', 'live'])
    for (const symbol of ['A', 'B', 'C']) await client.publish(prices, { venue: 'X', symbol, bid: 1 })
    await pass(50)
    expect(page.text).toBe('1;1;1;X/A;X/B;X/C;')
    const drawn = seen.length
    await client.publish(prices, { venue: 'X', symbol: 'B', bid: 9 })
    await pass(50)
    expect(page.text).toBe('1;9;1;X/A;X/B;X/C;')
    expect(seen.length - drawn).toBe(1)
    expect(seen.at(-1)?.rows[0]).toBe(seen.at(-2)?.rows[0])
    expect(wire.subscribes).toBe(1)
  })

  it('draws again only when the selected part changes', async () => {
    const { client } = await open('prices')
    const seen: number[] = []
    await stage(provide(client, <Sum seen={seen} />))
    await pass(50)
    for (const bid of [5, 5, 7]) {
      await client.publish(prices, { venue: 'X', symbol: 'A', bid })
      await pass(50)
    }
    expect(seen).toEqual([0, 5, 7])
  })

  it('is an error for a topic that keeps no values', async () => {
    const { client } = await open('prices')
    const seen: TableRows<unknown, unknown>[] = []
    await stage(provide(client, <Plain seen={seen} />))
    await pass(50)
    expect(seen.at(-1)).toMatchObject({ status: 'error', error: { code: 'invalid' } })
  })
})

const plain = topic('plain', schema<number>())

function Plain({ seen }: { readonly seen: TableRows<unknown, unknown>[] }): ReactNode {
  seen.push(useTable(plain))
  return null
}

import type { ReactNode } from 'react'
import { describe, expect, it } from 'vitest'
import { SpanwireProvider, useLatest } from '../src/index.js'
import { open } from './open.js'
import { Row, Seen } from './rows.js'
import { quotes } from './site.js'
import { pass, stage } from './stage.js'

function Off({ statuses }: { readonly statuses: string[] }): ReactNode {
  statuses.push(useLatest(quotes, undefined).status, useLatest(quotes, { symbol: 'A' }, { enabled: false }).status)
  return null
}

function Bid({ bids }: { readonly bids: (number | undefined)[] }): ReactNode {
  bids.push(useLatest(quotes, { symbol: 'A' }, { select: ({ bid }) => bid }).value)
  return null
}

describe('one row', () => {
  it('loads, shows what was published before, then what is published from now on', async () => {
    const { client } = await open()
    await client.publish(quotes, { symbol: 'AAPL', bid: 1 })
    const seen = new Seen()
    const page = await stage(
      <SpanwireProvider client={client}>
        <Row symbol="AAPL" seen={seen} />
      </SpanwireProvider>,
    )
    expect(page.text).toBe('AAPL loading -;')
    await pass(50)
    expect(page.text).toBe('AAPL live 1;')
    await client.publish(quotes, { symbol: 'AAPL', bid: 2 })
    await pass(50)
    expect(page.text).toBe('AAPL live 2;')
    expect(seen.latest.get('AAPL')).toEqual({
      value: { symbol: 'AAPL', bid: 2 },
      status: 'live',
      site: 'frankfurt',
      updatedAt: expect.any(Number),
      error: undefined,
    })
    expect(seen.total).toBe(3)
  })

  it('is live without a value when nothing was published, and after a removal', async () => {
    const { client } = await open()
    const page = await stage(
      <SpanwireProvider client={client}>
        <Row symbol="BRK.B" seen={new Seen()} />
      </SpanwireProvider>,
    )
    await pass(50)
    expect(page.text).toBe('BRK.B live -;')
    await client.publish(quotes, { symbol: 'BRK.B', bid: 5 })
    await pass(50)
    expect(page.text).toBe('BRK.B live 5;')
    await client.remove(quotes, { symbol: 'BRK.B' })
    await pass(50)
    expect(page.text).toBe('BRK.B live -;')
  })

  it('says that a value is stale while its site is lost, and live when it is back', async () => {
    const { client, engine } = await open()
    await client.publish(quotes, { symbol: 'AAPL', bid: 1 })
    const page = await stage(
      <SpanwireProvider client={client}>
        <Row symbol="AAPL" seen={new Seen()} />
      </SpanwireProvider>,
    )
    await pass(50)
    engine.kill()
    await pass(50)
    expect(page.text).toBe('AAPL stale 1;')
    engine.restart({ data: 'keep' })
    await pass(20_000)
    expect(page.text).toBe('AAPL live 1;')
  })

  it('subscribes to nothing while it is switched off', async () => {
    const { client, wire } = await open()
    const statuses: string[] = []
    await stage(
      <SpanwireProvider client={client}>
        <Off statuses={statuses} />
      </SpanwireProvider>,
    )
    await pass(50)
    expect(statuses).toEqual(['idle', 'idle'])
    expect(wire.subscribes).toBe(0)
  })

  it('shows impossible parameters as an error instead of throwing', async () => {
    const { client, wire } = await open()
    const seen = new Seen()
    const page = await stage(
      <SpanwireProvider client={client}>
        <Row symbol="" seen={seen} />
      </SpanwireProvider>,
    )
    expect(page.text).toBe(' error -;')
    expect(seen.latest.get('')?.error).toMatchObject({ code: 'invalid' })
    expect(wire.subscribes).toBe(0)
  })

  it('shows as an error that the client is closed', async () => {
    const { client } = await open()
    await client.close({ timeout: 0 })
    const seen = new Seen()
    await stage(
      <SpanwireProvider client={client}>
        <Row symbol="AAPL" seen={seen} />
      </SpanwireProvider>,
    )
    await pass(50)
    expect(seen.latest.get('AAPL')).toMatchObject({ status: 'error', error: { code: 'closed' } })
  })

  it('follows its parameters', async () => {
    const { client, publish } = await open()
    await publish(2, 7)
    const provide = (symbol: string) => (
      <SpanwireProvider client={client}>
        <Row symbol={symbol} seen={new Seen()} />
      </SpanwireProvider>
    )
    const page = await stage(provide('S0'))
    await pass(50)
    expect(page.text).toBe('S0 live 7;')
    await page.render(provide('S1'))
    expect(page.text).toBe('S1 loading -;')
    await pass(50)
    expect(page.text).toBe('S1 live 7;')
  })

  it('draws again only when the selected part changes', async () => {
    const { client } = await open()
    const bids: (number | undefined)[] = []
    await stage(
      <SpanwireProvider client={client}>
        <Bid bids={bids} />
      </SpanwireProvider>,
    )
    await pass(50)
    for (const [bid, ask] of [
      [1, 2],
      [1, 3],
      [1, 4],
      [2, 4],
    ] as const) {
      await client.publish(quotes, { symbol: 'A', bid, ask })
      await pass(50)
    }
    expect(bids).toEqual([undefined, undefined, 1, 2])
  })
})

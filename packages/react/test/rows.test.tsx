import type { ReactNode } from 'react'
import { describe, expect, it } from 'vitest'
import { type InitialState, SpanwireProvider } from '../src/index.js'
import { createBoards } from '../src/store/boards.js'
import { LINGER_MS } from '../src/store/shared.js'
import type { Store } from '../src/store/store.js'
import { open } from './open.js'
import { List, Peek, Row, Seen } from './rows.js'
import { quotes } from './site.js'
import { pass, stage } from './stage.js'

const ALL = { topic: quotes, filter: {}, path: '*', single: false, maxRate: undefined } as const

describe('many rows', () => {
  it('draws exactly one row of 2,000 when one key changes', async () => {
    const { client, publish } = await open()
    await publish(2000, 1)
    const seen = new Seen()
    await stage(
      <SpanwireProvider client={client}>
        <List seen={seen} />
      </SpanwireProvider>,
    )
    await pass(100)
    expect(seen.renders.size).toBe(2000)
    const before = seen.total
    await client.publish(quotes, { symbol: 'S1234', bid: 2 })
    await pass(100)
    expect(seen.total - before).toBe(1)
    expect(seen.latest.get('S1234')?.value?.bid).toBe(2)
  })

  it('draws a row with its value at once when the list has it', async () => {
    const { client, publish } = await open()
    await publish(20, 1)
    const seen = new Seen()
    await stage(
      <SpanwireProvider client={client}>
        <List seen={seen} />
      </SpanwireProvider>,
    )
    await pass(100)
    expect(seen.total).toBe(20)
  })

  it('draws 200 times for 200 keys that change 10 times each within one frame, and shows the last value', async () => {
    const { client, publish } = await open()
    await publish(200, 0)
    const seen = new Seen()
    await stage(
      <SpanwireProvider client={client}>
        <List seen={seen} />
      </SpanwireProvider>,
    )
    await pass(100)
    const before = seen.total
    for (let bid = 1; bid <= 10; bid++) await publish(200, bid)
    await pass(15)
    expect(seen.total - before).toBe(0)
    await pass(16)
    expect(seen.total - before).toBe(200)
    expect([...seen.latest.values()].every(({ value }) => value?.bid === 10)).toBe(true)
  })

  it('leaves no listener behind when 5,000 rows unmount, and unsubscribes once, after the linger', async () => {
    const { client, publish, wire } = await open()
    await publish(5000, 1)
    let store: Store | undefined
    const provide = (children: ReactNode) => (
      <SpanwireProvider client={client}>
        <Peek
          to={(found) => {
            store = found
          }}
        />
        {children}
      </SpanwireProvider>
    )
    const seen = new Seen()
    const page = await stage(provide(<List seen={seen} />))
    await pass(100)
    const board = store?.part(createBoards).find(ALL)
    expect(board?.listeners.size).toBe(5001)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
    await page.render(provide(null))
    expect(board?.listeners.size).toBe(0)
    await pass(LINGER_MS - 1)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
    await pass(2)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 1 })
    expect(store?.part(createBoards).find(ALL)).toBeUndefined()
  })

  it('opens one table for rows and list that mount together', async () => {
    const { client, publish, wire } = await open()
    await publish(3, 1)
    const initialState: InitialState = {
      [quotes.template]: ['S0', 'S1', 'S2'].map((symbol) => ({
        value: { symbol, bid: 0 },
        params: { symbol },
        path: symbol,
        timeMs: 1,
        site: 'dublin',
        stale: false,
      })),
    }
    const page = await stage(
      <SpanwireProvider client={client} initialState={initialState}>
        <List seen={new Seen()} />
      </SpanwireProvider>,
    )
    expect(page.text).toBe('S0 loading 0;S1 loading 0;S2 loading 0;')
    await pass(100)
    expect(page.text).toBe('S0 live 1;S1 live 1;S2 live 1;')
    expect(wire.subscribes).toBe(1)
  })

  it('drops rows that only the server had', async () => {
    const { client, publish } = await open()
    await publish(1, 1)
    const row = {
      value: { symbol: 'OLD', bid: 9 },
      params: { symbol: 'OLD' },
      path: 'OLD',
      timeMs: 1,
      site: 'x',
      stale: false,
    }
    const page = await stage(
      <SpanwireProvider client={client} initialState={{ [quotes.template]: [row] }}>
        <List seen={new Seen()} />
      </SpanwireProvider>,
    )
    expect(page.text).toBe('OLD loading 9;')
    await pass(100)
    expect(page.text).toBe('S0 live 1;')
  })

  it('opens a table each for rows without a list, shared by who reads the same row', async () => {
    const { client, wire } = await open()
    await stage(
      <SpanwireProvider client={client}>
        <Row symbol="A" seen={new Seen()} />
        <Row symbol="B" seen={new Seen()} />
        <Row symbol="A" seen={new Seen()} />
      </SpanwireProvider>,
    )
    await pass(50)
    expect(wire.subscribes).toBe(2)
  })
})

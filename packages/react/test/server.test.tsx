import { rpc } from '@spanwire/core'
import { type ReactNode, Suspense } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import {
  type InitialState,
  SpanwireProvider,
  useChannel,
  useConnection,
  useFailover,
  useHistory,
  useKeys,
  useLatest,
  usePublish,
  useRequest,
  useTable,
} from '../src/index.js'
import { LiveSuspense, useLatestSuspense } from '../src/suspense.js'
import { schema } from './schema.js'
import { quotes } from './site.js'

const price = rpc('pricing.price', schema<{ readonly symbol: string }>(), schema<number>())

const forbidden = vi.fn(() => {
  throw new Error('a client was made on the server')
})

function Everything(): ReactNode {
  const latest = useLatest(quotes, { symbol: 'A' })
  const keys = useKeys(quotes)
  const table = useTable(quotes)
  const channel = useChannel(quotes, () => {})
  const history = useHistory(quotes)
  const connection = useConnection()
  const failover = useFailover()
  usePublish(quotes)
  useRequest(price, { symbol: 'A' })
  const words = [latest.status, latest.value?.bid, keys.length, table.status, table.rows.length, channel.status]
  return [...words, history.items.length, connection.state, failover.length].join(' ')
}

function Price(): ReactNode {
  return `bid ${useLatestSuspense(quotes, { symbol: 'A' }).value.bid}`
}

const initialState: InitialState = {
  [quotes.template]: [
    { value: { symbol: 'A', bid: 7 }, params: { symbol: 'A' }, path: 'A', timeMs: 1, site: 'frankfurt', stale: false },
  ],
}

it('renders on a server without a page, a socket or a client', () => {
  expect(typeof window).toBe('undefined')
  const html = renderToString(
    <SpanwireProvider client={forbidden}>
      <Everything />
    </SpanwireProvider>,
  )
  expect(html).toBe('loading  0 loading 0 loading 0 idle 0')
  expect(forbidden).not.toHaveBeenCalled()
})

it('renders what the server had', () => {
  const html = renderToString(
    <SpanwireProvider client={forbidden} initialState={initialState}>
      <Everything />
      <Suspense fallback="waiting">
        <Price />
      </Suspense>
    </SpanwireProvider>,
  )
  expect(html).toContain('loading 7 1 loading 1 loading 0 idle 0')
  expect(html).toContain('bid 7')
})

it('renders the fallback of LiveSuspense on a server', () => {
  const html = renderToString(
    <SpanwireProvider client={forbidden}>
      <LiveSuspense fallback="waiting">
        <Price />
      </LiveSuspense>
    </SpanwireProvider>,
  )
  expect(html).toBe('waiting')
})

it('says outside of a provider what is missing', () => {
  expect(() => renderToString(<Everything />)).toThrow(/No <SpanwireProvider> around/)
})

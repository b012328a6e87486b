import { createBrowserClient } from '@spanwire/browser'
import { topic } from '@spanwire/core'
import { SpanwireProvider, useKeys, useLatest } from '@spanwire/react'
import { createElement } from 'react'
import * as z from 'zod/mini'

const quotes = topic('quotes.{symbol}', z.object({ symbol: z.string(), price: z.number() }), { latest: true })

export const client = createBrowserClient({
  sites: { frankfurt: { url: 'wss://frankfurt.example/spanwire', location: { environment: 'on-prem' } } },
})

export function Page() {
  return <SpanwireProvider client={client}>{createElement(Board)}</SpanwireProvider>
}

function Board() {
  return useKeys(quotes).map(({ symbol }) => <Row key={symbol} symbol={symbol} />)
}

function Row({ symbol }: { symbol: string }) {
  const { value, status } = useLatest(quotes, { symbol })
  return (
    <p>
      {symbol} {value?.price.toFixed(2)} {status}
    </p>
  )
}

import { createBrowserClient } from '@spanwire/browser'
import type { ClientEvent } from '@spanwire/core'
import { SpanwireProvider, useConnection, useFailover, useKeys, useLatest } from '@spanwire/react'
import { memo, type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { quotes } from './contract.js'

declare global {
  interface Window {
    /** What the test asks the page. */
    told: { readonly rows: Record<string, number>; readonly sites: string[]; cached: boolean | undefined }
  }
}

window.told = { rows: {}, sites: [], cached: undefined }
addEventListener('pageshow', ({ persisted }) => {
  window.told.cached = persisted
})

const Row = memo(function Row({ symbol }: { readonly symbol: string }): ReactNode {
  const { value, status } = useLatest(quotes, { symbol })
  window.told.rows[symbol] = (window.told.rows[symbol] ?? 0) + 1
  return <li id={symbol}>{`${value?.bid} ${status}`}</li>
})

function Board(): ReactNode {
  const keys = useKeys(quotes)
  return (
    <ul>
      {keys.map(({ symbol }) => (
        <Row key={symbol} symbol={symbol} />
      ))}
    </ul>
  )
}

function Lamp(): ReactNode {
  useFailover(tell)
  return <output>{useConnection(({ state }) => state)}</output>
}

function tell(event: ClientEvent): void {
  if (event.type === 'site') window.told.sites.push(`${event.from} ${event.to}`)
}

const connect = () =>
  createBrowserClient({
    sites: {
      local: { url: new URL(location.href).searchParams.get('gateway') ?? '', location: { environment: 'cloud' } },
    },
  })

const root = document.body.appendChild(document.createElement('main'))
createRoot(root).render(
  <StrictMode>
    <SpanwireProvider client={connect}>
      <Lamp />
      <Board />
    </SpanwireProvider>
  </StrictMode>,
)

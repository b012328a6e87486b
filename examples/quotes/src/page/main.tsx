import { createBrowserClient } from '@spanwire/browser'
import { SpanwireProvider, useKeys, useLatest } from '@spanwire/react'
import { createRoot } from 'react-dom/client'
import { quotes } from '../contracts.js'
import type { Picture } from '../picture.js'
import { LOCATIONS, routesOf } from '../routes.js'

function Row({ symbol }: { symbol: string }) {
  const { value, site } = useLatest(quotes, { symbol })
  return (
    <li>
      {symbol} {value?.n} {value?.price} {site}
    </li>
  )
}
function App() {
  const keys = useKeys(quotes)
  return (
    <ul>
      {keys.map(({ symbol }) => (
        <Row key={symbol} symbol={symbol} />
      ))}
    </ul>
  )
}
const place = document.getElementById('root')
if (!place) throw new Error('the page has no root')
const root = createRoot(place)
const source = new EventSource('/api/picture')
source.onmessage = (event) => {
  source.close()
  const picture = JSON.parse(event.data) as Picture
  const url = (name: string) => picture.sites.find((s) => s.name === name)?.url ?? ''
  const site = (name: 'frankfurt' | 'dublin') => ({ url: url(name), location: LOCATIONS[name], token: picture.token })
  const make = () =>
    createBrowserClient({
      sites: { frankfurt: site('frankfurt'), dublin: site('dublin') },
      routes: routesOf(picture.quotes),
    })
  root.render(
    <SpanwireProvider client={make}>
      <App />
    </SpanwireProvider>,
  )
}

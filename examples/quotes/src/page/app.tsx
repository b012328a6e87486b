import { SpanwireProvider } from '@spanwire/react'
import { type ReactNode, useState } from 'react'
import type { Picture } from '../picture.js'
import { Board } from './board.js'
import { Chart } from './chart.js'
import { Desk } from './desk.js'
import { Header } from './header.js'
import { Headline } from './headline.js'
import { LedgerProvider } from './ledger-context.js'
import { makeClient } from './page-client.js'
import { usePicture } from './picture.js'
import { Pricing } from './pricing.js'
import { Proof } from './proof.js'
import { Sites } from './sites.js'
import { Timeline } from './timeline.js'

export function App(): ReactNode {
  const picture = usePicture()
  if (!picture?.day) return <p className="waiting">The exchange opens in a moment.</p>
  return (
    <SpanwireProvider client={() => makeClient(picture)}>
      <LedgerProvider from={picture.day.startedAt}>
        <Page picture={picture} />
      </LedgerProvider>
    </SpanwireProvider>
  )
}

function Page({ picture }: { readonly picture: Picture }): ReactNode {
  const [symbol, setSymbol] = useState('AAPL')
  const [dublinShare, setDublinShare] = useState(10)
  return (
    <>
      <Header picture={picture} />
      <main>
        <Headline picture={picture} />
        <Sites picture={picture} dublinShare={dublinShare} />
        <Board selected={symbol} onSelect={setSymbol} />
        <Chart symbol={symbol} />
        <Proof />
        <div className="side">
          <Desk symbol={symbol} onSymbol={setSymbol} />
          <Pricing picture={picture} symbol={symbol} dublinShare={dublinShare} onShare={setDublinShare} />
        </div>
        <Timeline log={picture.log} />
      </main>
    </>
  )
}

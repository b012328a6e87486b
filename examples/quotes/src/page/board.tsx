import { useKeys, useLatest } from '@spanwire/react'
import { type ReactNode, useRef } from 'react'
import { quotes } from '../contracts.js'
import { called, money, percent, short, signed } from './format.js'
import { useLedger } from './ledger-context.js'
import { Panel } from './panel.js'

interface Selection {
  readonly selected: string
  readonly onSelect: (symbol: string) => void
}

/** Eyes follow a few changes a second; the ledger has every tick. */
const MAX_RATE = 6

export function Board({ selected, onSelect }: Selection): ReactNode {
  const symbols = useKeys(quotes, { maxRate: MAX_RATE })
  return (
    <Panel className="board" title="Board" hint="Newest price of each symbol, from whichever site had it first.">
      <table>
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col">Last</th>
            <th scope="col">Change</th>
            <th scope="col" className="wide">
              Volume
            </th>
            <th scope="col" className="wide">
              Day’s range
            </th>
            <th scope="col">Site</th>
          </tr>
        </thead>
        <tbody>
          {symbols.map(({ symbol }) => (
            <Row key={symbol} symbol={symbol} isSelected={symbol === selected} onSelect={onSelect} />
          ))}
        </tbody>
      </table>
      {symbols.length === 0 && <p className="empty">Waiting for the first quote.</p>}
    </Panel>
  )
}

function Row(props: {
  readonly symbol: string
  readonly isSelected: boolean
  readonly onSelect: (symbol: string) => void
}): ReactNode {
  const { symbol, isSelected, onSelect } = props
  const { value, site, status } = useLatest(quotes, { symbol })
  const price = value?.price ?? 0
  const change = price - (value?.previous ?? price)
  return (
    <tr className={status === 'stale' ? 'stale' : ''} data-symbol={symbol}>
      <th scope="row">
        <button type="button" className="pick" aria-pressed={isSelected} onClick={() => onSelect(symbol)}>
          <b>{symbol}</b>
          <small>{called(symbol)}</small>
        </button>
      </th>
      <td className="last">
        <Last price={price} />
      </td>
      <td className={change < 0 ? 'down' : 'up'}>
        {signed(change)} <small>{percent(change / Math.max(1, price - change))}</small>
      </td>
      <Day symbol={symbol} price={price} />
      <td>
        <span className={`tag ${site ?? ''}`}>{status === 'stale' ? 'stale' : called(site ?? '')}</span>
      </td>
    </tr>
  )
}

/** Flashes with the direction of the last change. */
function Last({ price }: { readonly price: number }): ReactNode {
  const seen = useRef({ price, direction: '' })
  if (seen.current.price !== price) {
    seen.current = { price, direction: price > seen.current.price ? 'rose' : 'fell' }
  }
  return (
    <span key={price} className={`flash ${seen.current.direction}`}>
      {money(price)}
    </span>
  )
}

/** What the ticks of the day add up to so far. */
function Day({ symbol, price }: { readonly symbol: string; readonly price: number }): ReactNode {
  const bar = useLedger().tally(symbol)?.bar
  const at = bar && bar.high > bar.low ? (price - bar.low) / (bar.high - bar.low) : 0.5
  return (
    <>
      <td className="wide">{bar ? short(bar.volume) : '–'}</td>
      <td className="wide">
        {bar && (
          <span className="range" title={`${money(bar.low)} to ${money(bar.high)}`}>
            <small>{money(bar.low)}</small>
            <span>
              <i style={{ insetInlineStart: `${Math.min(1, Math.max(0, at)) * 100}%` }} />
            </span>
            <small>{money(bar.high)}</small>
          </span>
        )}
      </td>
    </>
  )
}

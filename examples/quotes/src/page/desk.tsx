import { useChannel, useSend } from '@spanwire/react'
import { type FormEvent, type ReactNode, useState, useSyncExternalStore } from 'react'
import { orderEvents, orders, type PlacedOrder } from '../contracts.js'
import { called, clock, money, whole } from './format.js'
import { useLedger } from './ledger-context.js'
import { OrderBook, type OrderLine } from './order-book.js'
import { Panel } from './panel.js'

interface DeskProps {
  readonly symbol: string
  readonly onSymbol: (symbol: string) => void
}

/** Orders, and what became of each. */
export function Desk({ symbol, onSymbol }: DeskProps): ReactNode {
  const [account] = useState(() => `desk-${crypto.randomUUID().slice(0, 8)}`)
  const [book] = useState(() => new OrderBook())
  const lines = useSyncExternalStore(book.listen, () => book.lines)
  const send = useSend(orders)
  useChannel(orderEvents, book.take, { params: { account } })
  const place = (order: Omit<PlacedOrder, 'id' | 'account'>): void => {
    void book.place({ ...order, id: crypto.randomUUID(), account }, (placed) => send(placed, { timeout: '20s' }))
  }
  return (
    <Panel className="desk" title="Orders" hint="A queue: each order is handled once, at one site.">
      <Ticket symbol={symbol} onSymbol={onSymbol} onPlace={place} />
      {lines.length === 0 ? (
        <p className="empty">No orders yet.</p>
      ) : (
        <ol className="orders" aria-label="Orders of this page">
          {lines.map((line) => (
            <Line key={line.order.id} line={line} />
          ))}
        </ol>
      )}
    </Panel>
  )
}

function Ticket(
  props: DeskProps & { readonly onPlace: (order: Omit<PlacedOrder, 'id' | 'account'>) => void },
): ReactNode {
  const { symbol, onSymbol, onPlace } = props
  const { symbols } = useLedger()
  const [quantity, setQuantity] = useState('100')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const { submitter } = event.nativeEvent as SubmitEvent
    const side = submitter?.getAttribute('value') === 'sell' ? 'sell' : 'buy'
    onPlace({ symbol, side, quantity: Number(quantity) })
  }
  return (
    <form className="ticket" onSubmit={submit} aria-label="Order ticket">
      <label>
        Symbol
        <select value={symbol} onChange={(event) => onSymbol(event.target.value)}>
          {(symbols.length > 0 ? symbols : [symbol]).map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label>
        Shares
        <input
          type="number"
          inputMode="numeric"
          min={1}
          step={1}
          required
          value={quantity}
          onChange={(event) => setQuantity(event.target.value)}
        />
      </label>
      <button type="submit" value="buy" className="buy">
        Buy
      </button>
      <button type="submit" value="sell" className="sell">
        Sell
      </button>
    </form>
  )
}

function Line({ line }: { readonly line: OrderLine }): ReactNode {
  const { order, at, state, runs, note } = line
  return (
    <li className={state} data-order={order.id} data-state={state} data-runs={runs}>
      <time>{clock(at)}</time>
      <span>
        {order.side === 'buy' ? 'Buy' : 'Sell'} {whole(order.quantity)} {order.symbol}
      </span>
      <b>{textOf(line)}</b>
      {note && <small>{note}</small>}
      {runs > 1 && <small className="bad">handled {runs} times</small>}
    </li>
  )
}

function textOf({ state, site, price }: OrderLine): string {
  switch (state) {
    case 'filled':
      return `filled at ${money(price ?? 0)}, via ${called(site ?? '')}`
    case 'accepted':
      return `accepted by ${called(site ?? '')}`
    case 'sending':
      return 'sending'
    case 'unknown':
      return 'outcome unknown'
    default:
      return state
  }
}

import type { ReactNode } from 'react'
import { type Bar, FIELDS } from '../bar.js'
import { differences } from '../proof.js'
import { date, exactMoney, shortDate, whole } from './format.js'
import type { Ledger, Verdict } from './ledger.js'
import { useLedger } from './ledger-context.js'
import { Panel } from './panel.js'

const HEADS = { open: 'Open', high: 'High', low: 'Low', close: 'Close', volume: 'Volume' } as const

/** The day rebuilt from what arrived here, beside what the exchange printed that day. */
export function Proof(): ReactNode {
  const ledger = useLedger()
  return (
    <Panel
      className="proof"
      title="Proof"
      hint={`${ledger.day ? date(ledger.day) : 'The day'}, rebuilt from the ticks that reached this page, against the real one.`}
    >
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Symbol</th>
              {FIELDS.map((field) => (
                <th key={field} scope="col" className="wide">
                  {HEADS[field]}
                </th>
              ))}
              <th scope="col">Ticks</th>
              <th scope="col">Lost</th>
              <th scope="col">Doubled</th>
              <th scope="col">Day</th>
            </tr>
          </thead>
          <tbody>
            {ledger.symbols.map((symbol) => (
              <ProofRow key={symbol} symbol={symbol} ledger={ledger} />
            ))}
          </tbody>
        </table>
      </div>
      <Verdicts verdicts={ledger.verdicts} />
    </Panel>
  )
}

function ProofRow({ symbol, ledger }: { readonly symbol: string; readonly ledger: Ledger }): ReactNode {
  const tally = ledger.tally(symbol)
  const real = ledger.real(symbol)
  if (!tally) return null
  const wrong = real ? differences(tally.bar, real) : FIELDS
  const proved = tally.complete && wrong.length === 0
  return (
    <tr data-symbol={symbol} className={proved ? 'proved' : ''}>
      <th scope="row">{symbol}</th>
      {FIELDS.map((field) => (
        <td key={field} className={`wide ${wrong.includes(field) ? '' : 'same'}`}>
          <Pair field={field} rebuilt={tally.bar} real={real} />
        </td>
      ))}
      <td>
        {whole(tally.received)} <small className="of">of {whole(tally.expected)}</small>
      </td>
      <td className={tally.lost > 0 ? 'bad' : ''}>{tally.lost}</td>
      <td className={tally.doubled > 0 ? 'bad' : ''}>{tally.doubled}</td>
      <td className="verdict">{proved ? 'equal' : tally.complete ? 'differs' : 'running'}</td>
    </tr>
  )
}

function Pair(props: {
  readonly field: keyof Bar
  readonly rebuilt: Bar | undefined
  readonly real: Bar | undefined
}): ReactNode {
  const { field, rebuilt, real } = props
  const show = field === 'volume' ? whole : exactMoney
  return (
    <>
      {rebuilt ? show(rebuilt[field]) : '–'}
      <small title="the real day">{real ? show(real[field]) : '–'}</small>
    </>
  )
}

function Verdicts({ verdicts }: { readonly verdicts: readonly Verdict[] }): ReactNode {
  if (verdicts.length === 0)
    return <p className="empty">The first day is judged at its close. One lost or doubled tick would show.</p>
  return (
    <ol className="verdicts" aria-label="Days that are over">
      {verdicts.toReversed().map((verdict) => (
        <li key={verdict.round} className={isProved(verdict) ? 'proved' : 'bad'} data-round={verdict.round}>
          <b>{shortDate(verdict.day)}</b> <span>{sentence(verdict)}</span>
        </li>
      ))}
    </ol>
  )
}

function isProved({ lost, doubled, disordered, differing }: Verdict): boolean {
  return lost === 0 && doubled === 0 && disordered === 0 && differing.length === 0
}

function sentence(verdict: Verdict): string {
  const { ticks, lost, doubled, disordered, differing } = verdict
  const ends = isProved(verdict) ? 'equal to the real day' : `differs: ${differing.join(', ') || 'order only'}`
  const order = disordered > 0 ? `, ${whole(disordered)} late` : ''
  return `${whole(ticks)} ticks, ${whole(lost)} lost, ${whole(doubled)} doubled${order}, ${ends}`
}

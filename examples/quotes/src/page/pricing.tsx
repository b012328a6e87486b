import { reroute } from '@spanwire/core'
import { useClient, useRequest } from '@spanwire/react'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { price } from '../contracts.js'
import type { Picture } from '../picture.js'
import { routesOf, SITES } from '../routes.js'
import { called, money } from './format.js'
import { Panel } from './panel.js'

const ASK_MS = 250
const MAX_ANSWERS = 100

/** Of the last answers: who gave them, and how many never came. */
interface Answers {
  readonly sites: readonly string[]
  readonly failed: number
  readonly total: number
  readonly last: number | undefined
  /** Why the last one that failed did. */
  readonly trouble: string
}

const NONE: Answers = { sites: [], failed: 0, total: 0, last: undefined, trouble: '' }

/** The migration: which part of the pricing requests goes to the cloud. */
export function Pricing(props: {
  readonly picture: Picture
  readonly symbol: string
  readonly dublinShare: number
  readonly onShare: (share: number) => void
}): ReactNode {
  const { picture, symbol, dublinShare, onShare } = props
  const [answers, setAnswers] = useState(NONE)
  const client = useClient()
  useEffect(() => {
    reroute(client, routesOf(picture.quotes, dublinShare))
  }, [client, picture.quotes, dublinShare])
  const answered = useCallback((site: string, last: number) => {
    setAnswers((before) => ({
      ...before,
      sites: [...before.sites, site].slice(-MAX_ANSWERS),
      total: before.total + 1,
      last,
    }))
  }, [])
  const failed = useCallback((error: unknown) => {
    setAnswers((before) => ({
      ...before,
      failed: before.failed + 1,
      trouble: error instanceof Error ? error.message : String(error),
    }))
  }, [])
  return (
    <Panel className="pricing" title="Migration" hint="Pricing moves to the cloud, one share at a time.">
      <label className="dial">
        <span>
          Frankfurt <b>{100 - dublinShare}%</b>
        </span>
        <input
          type="range"
          min={0}
          max={100}
          step={5}
          value={dublinShare}
          aria-label="Share of pricing requests that go to Dublin"
          aria-valuetext={`${dublinShare} percent to Dublin`}
          onChange={(event) => onShare(Number(event.target.value))}
        />
        <span>
          Dublin <b>{dublinShare}%</b>
        </span>
      </label>
      <Asker symbol={symbol} onAnswer={answered} onFailure={failed} />
      <Result answers={answers} symbol={symbol} />
    </Panel>
  )
}

/** Asks for a price, over and over. */
function Asker(props: {
  readonly symbol: string
  readonly onAnswer: (site: string, price: number) => void
  readonly onFailure: (error: unknown) => void
}): ReactNode {
  const { symbol, onAnswer, onFailure } = props
  const { call } = useRequest(price)
  useEffect(() => {
    const ask = (): void => {
      call({ symbol, side: 'buy', quantity: 100 }, { timeout: '3s' }).then(
        ({ site, price }) => onAnswer(site, price),
        onFailure,
      )
    }
    const timer = setInterval(ask, ASK_MS)
    return () => clearInterval(timer)
  }, [call, symbol, onAnswer, onFailure])
  return null
}

function Result({ answers, symbol }: { readonly answers: Answers; readonly symbol: string }): ReactNode {
  const { sites, failed, total, last, trouble } = answers
  const counts = SITES.map((name) => sites.filter((site) => site === name).length)
  return (
    <>
      <div
        className="split"
        role="img"
        aria-label={`Last answers: ${SITES.map((name, at) => `${called(name)} ${counts[at]}`).join(', ')}`}
      >
        {SITES.map((name, at) => (
          <i key={name} className={name} style={{ flexGrow: sites.length > 0 ? (counts[at] ?? 0) : 1 }} />
        ))}
      </div>
      <dl className="answers">
        {SITES.map((name, at) => (
          <div key={name}>
            <dt>{called(name)}</dt>
            <dd>{counts[at]}</dd>
          </div>
        ))}
        <div>
          <dt>Answered</dt>
          <dd data-answered={total}>{total}</dd>
        </div>
        <div>
          <dt>Failed</dt>
          <dd className={failed > 0 ? 'bad' : ''}>{failed}</dd>
        </div>
        <div>
          <dt>100 {symbol} cost</dt>
          <dd>{last === undefined ? '–' : `$${money(last * 100)}`}</dd>
        </div>
      </dl>
      {trouble && <p className="trouble">Last failure: {trouble}</p>}
    </>
  )
}

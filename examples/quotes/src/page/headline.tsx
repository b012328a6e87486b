import { useConnection } from '@spanwire/react'
import type { ReactNode } from 'react'
import type { Picture, SitePicture } from '../picture.js'
import { SITES, type SiteName } from '../routes.js'
import { called, whole } from './format.js'
import type { Ledger } from './ledger.js'
import { useLedger } from './ledger-context.js'
import { tellFeed } from './picture.js'

/** The one sentence that matters, and what can be done to the market. */
export function Headline({ picture }: { readonly picture: Picture }): ReactNode {
  const ledger = useLedger()
  const up = useConnection(({ sites }) =>
    sites
      .filter(({ state }) => state === 'up')
      .map(({ name }) => name)
      .join(' '),
  )
  const { ticks, lost, doubled } = totals(ledger)
  return (
    <section className="headline" aria-label="Status">
      <div>
        <p className="statement" role="status">
          {statement(up.split(' ').filter(Boolean), picture, leaderOf(ledger))}
        </p>
        <p className="sums">
          <span>{whole(ticks)} ticks received</span>
          <span className={lost > 0 ? 'bad' : ''}>{whole(lost)} lost</span>
          <span className={doubled > 0 ? 'bad' : ''}>{whole(doubled)} doubled</span>
        </p>
      </div>
      <div className="market">
        <button type="button" onClick={() => void tellFeed('storm')} title="Ten seconds at twenty times the rate">
          Start a storm
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => void tellFeed('finish')}
          title="The rest of the day at once"
        >
          Go to the close
        </button>
      </div>
    </section>
  )
}

function statement(up: readonly string[], picture: Picture, leader: SiteName): string {
  const [one] = up
  const silent = picture.sites.find((site) => !isHeard(site))
  const heard = picture.sites.find(isHeard)
  if (up.length > 1 && silent && heard && picture.quotes === 'all')
    return `${called(silent.name)} is silent. ${called(heard.name)} carries every quote.`
  if (up.length > 1)
    return picture.quotes === 'all'
      ? 'Frankfurt and Dublin carry every quote.'
      : `${called(leader)} carries the quotes. ${SITES.filter((site) => site !== leader).map(called)} stands by.`
  const other = picture.sites.find(({ name }) => name !== one)
  if (one) return `${called(other?.name ?? '')} is lost. ${called(one)} carries every quote.`
  return 'No site can be reached. What was shown is stale.'
}

function isHeard({ engine, network, state }: SitePicture): boolean {
  return state === 'running' && network === 'whole' && (engine === undefined || engine.state === 'running')
}

/** The site that most of the last ticks came from. */
function leaderOf(ledger: Ledger): SiteName {
  return ledger.service('dublin').perSecond > ledger.service('frankfurt').perSecond ? 'dublin' : 'frankfurt'
}

/** Of the days that are over and of the one that is on. */
function totals(ledger: Ledger): { readonly ticks: number; readonly lost: number; readonly doubled: number } {
  const { verdicts, round, symbols } = ledger
  const over = verdicts.at(-1)?.round === round
  const now = over ? [] : symbols.flatMap((symbol) => ledger.tally(symbol) ?? [])
  const past = verdicts.map(({ ticks, lost, doubled }) => ({ received: ticks, lost, doubled }))
  return [...past, ...now].reduce(
    (sum, { received, lost, doubled }) => ({
      ticks: sum.ticks + received,
      lost: sum.lost + lost,
      doubled: sum.doubled + doubled,
    }),
    { ticks: 0, lost: 0, doubled: 0 },
  )
}

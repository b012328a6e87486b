import { explain, type SiteState, status } from '@spanwire/core'
import { useClient } from '@spanwire/react'
import { type CSSProperties, type ReactNode, useEffect, useState } from 'react'
import { orders } from '../contracts.js'
import type { Action, Picture, ProcessPicture } from '../picture.js'
import { LOCATIONS, SITES, type SiteName } from '../routes.js'
import { called, ms } from './format.js'
import type { Ledger } from './ledger.js'
import { useLedger } from './ledger-context.js'
import { act } from './picture.js'

const POLL_MS = 500

/** What the client knows of a site. */
interface Link {
  readonly state: SiteState
  readonly engine: string
  readonly rttMs: number | undefined
}

interface Links {
  readonly of: Readonly<Record<string, Link>>
  /** Where an order would go now. */
  readonly ordersHome: string | undefined
}

export function Sites(props: { readonly picture: Picture; readonly dublinShare: number }): ReactNode {
  const { picture, dublinShare } = props
  const ledger = useLedger()
  const links = useLinks()
  const rates = SITES.map((site) => ledger.service(site).perSecond)
  const total = rates.reduce((sum, rate) => sum + rate, 0)
  return (
    <section className="sites" aria-label="Sites">
      {SITES.map((name) => {
        const process = picture.sites.find((site) => site.name === name)
        if (!process) return null
        const share = name === 'dublin' ? dublinShare : 100 - dublinShare
        const serves = servesOf(
          name,
          picture.quotes === 'all' || ledger.service(name).perSecond > 0,
          links.ordersHome,
          share,
        )
        return (
          <SiteCard key={name} name={name} process={process} link={links.of[name]} serves={serves} ledger={ledger} />
        )
      })}
      <div className="split" role="img" aria-label={splitText(rates, total)}>
        {SITES.map((name, at) => (
          <i key={name} className={name} style={{ flexGrow: total > 0 ? (rates[at] ?? 0) : 1 }} />
        ))}
      </div>
    </section>
  )
}

function SiteCard(props: {
  readonly name: SiteName
  readonly process: ProcessPicture
  readonly link: Link | undefined
  readonly serves: string
  readonly ledger: Ledger
}): ReactNode {
  const { name, process, link, serves, ledger } = props
  const { environment, region } = LOCATIONS[name]
  const { perSecond, ageMs } = ledger.service(name)
  const up = link?.state === 'up'
  return (
    <article
      className={`site ${name}`}
      aria-label={called(name)}
      style={{ '--site': `var(--${name})` } as CSSProperties}
    >
      <header>
        <div>
          <h2>{called(name)}</h2>
          <p className="hint">
            {environment === 'on-prem' ? 'On-prem' : 'Cloud'}, {region}
          </p>
        </div>
        <State process={process} link={link} />
      </header>
      <dl>
        <div>
          <dt>Delivers</dt>
          <dd>
            {perSecond.toFixed(0)} <small>ticks/s</small>
          </dd>
        </div>
        <div>
          <dt>Tick age</dt>
          <dd>{ageMs === undefined ? '–' : ms(ageMs)}</dd>
        </div>
        <div>
          <dt>Round trip</dt>
          <dd>{!up || link?.rttMs === undefined ? '–' : ms(link.rttMs)}</dd>
        </div>
        <div>
          <dt>Serves</dt>
          <dd className="serves">{up ? serves : 'nothing'}</dd>
        </div>
      </dl>
      <footer>
        <Buttons name={name} state={process.state} />
        <p className="hint process">
          {process.pid === undefined ? 'no process' : `pid ${process.pid}`} · {process.url.replace('ws://', '')}
          {link?.engine ? ` · ${link.engine}` : ''}
        </p>
      </footer>
    </article>
  )
}

function State({ process, link }: { readonly process: ProcessPicture; readonly link: Link | undefined }): ReactNode {
  const [tone, text] = stateOf(process.state, link?.state ?? 'idle')
  return (
    <p className={`state ${tone}`}>
      <i aria-hidden="true" />
      {text}
    </p>
  )
}

function stateOf(process: ProcessPicture['state'], link: SiteState): readonly [tone: string, text: string] {
  if (process === 'hung') return ['warn', 'Hung']
  if (process === 'down') return ['bad', 'Down']
  if (link === 'up') return ['good', 'Up']
  if (link === 'disabled') return ['bad', 'Refused us']
  return ['warn', process === 'starting' ? 'Starting' : 'Connecting']
}

function Buttons({ name, state }: { readonly name: SiteName; readonly state: ProcessPicture['state'] }): ReactNode {
  const button = (action: Action, text: string, className = '') => (
    <button type="button" className={className} onClick={() => void act(name, action)}>
      {text}
      <span className="unseen"> {called(name)}</span>
    </button>
  )
  if (state === 'down') return <div className="buttons">{button('restart', 'Restart')}</div>
  return (
    <div className="buttons">
      {button('kill', 'Kill', 'danger')}
      {state === 'hung' ? button('resume', 'Wake up') : button('hang', 'Hang', 'quiet')}
    </div>
  )
}

function servesOf(name: SiteName, isQuoting: boolean, ordersHome: string | undefined, share: number): string {
  const parts = [isQuoting && 'Quotes', ordersHome === name && 'Orders', share > 0 && `Pricing ${share}%`]
  return parts.filter(Boolean).join(', ') || 'stands by'
}

function splitText(rates: readonly number[], total: number): string {
  const parts = SITES.map(
    (name, at) => `${called(name)} ${total > 0 ? Math.round((100 * (rates[at] ?? 0)) / total) : 0}%`,
  )
  return `Who was first with the last ticks: ${parts.join(', ')}`
}

/** Figures change without an event, so they are looked up. */
function useLinks(): Links {
  const client = useClient()
  const [links, setLinks] = useState<Links>({ of: {}, ordersHome: undefined })
  useEffect(() => {
    const look = (): void =>
      setLinks({
        of: Object.fromEntries(status(client).sites.map((site) => [site.name, site])),
        ordersHome: explain(client, 'send', orders).sites[0],
      })
    look()
    const timer = setInterval(look, POLL_MS)
    return () => clearInterval(timer)
  }, [client])
  return links
}

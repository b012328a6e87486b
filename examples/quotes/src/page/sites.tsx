import { explain, type SiteState, status } from '@spanwire/core'
import { useClient } from '@spanwire/react'
import { type CSSProperties, type ReactNode, useEffect, useState } from 'react'
import { orders } from '../contracts.js'
import type { Picture, SitePicture } from '../picture.js'
import { LOCATIONS, SITES, type SiteName } from '../routes.js'
import { called, ms } from './format.js'
import type { Ledger } from './ledger.js'
import { useLedger } from './ledger-context.js'
import { EngineControls, SiteControls } from './site-controls.js'

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
        const site = picture.sites.find((one) => one.name === name)
        if (!site) return null
        const share = name === 'dublin' ? dublinShare : 100 - dublinShare
        const serves = servesOf(
          name,
          picture.quotes === 'all' || ledger.service(name).perSecond > 0,
          links.ordersHome,
          share,
        )
        return <SiteCard key={name} site={site} link={links.of[name]} serves={serves} ledger={ledger} />
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
  readonly site: SitePicture
  readonly link: Link | undefined
  readonly serves: string
  readonly ledger: Ledger
}): ReactNode {
  const { site, link, serves, ledger } = props
  const { engine, name } = site
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
        <State site={site} link={link} />
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
        <SiteControls site={site} />
        <p className="hint process">
          {site.pid === undefined ? 'no process' : `pid ${site.pid}`} · {site.url.replace('ws://', '')}
          {link?.engine ? ` · ${link.engine}` : ''}
        </p>
      </footer>
      {engine && <EngineControls name={name} engine={engine} />}
    </article>
  )
}

function State({ site, link }: { readonly site: SitePicture; readonly link: Link | undefined }): ReactNode {
  const [tone, text] = stateOf(site, link?.state ?? 'idle')
  return (
    <p className={`state ${tone}`}>
      <i aria-hidden="true" />
      {text}
    </p>
  )
}

function stateOf({ network, state }: SitePicture, link: SiteState): readonly [tone: string, text: string] {
  if (state === 'down') return ['bad', 'Down']
  if (network === 'cut') return ['warn', 'Cut off']
  if (state === 'hung') return ['warn', 'Hung']
  if (link === 'up') return ['good', 'Up']
  if (link === 'suspect') return ['warn', 'Silent']
  if (link === 'disabled') return ['bad', 'Refused us']
  return ['warn', state === 'starting' ? 'Starting' : 'Connecting']
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

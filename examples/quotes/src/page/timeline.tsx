import { status } from '@spanwire/core'
import { useClient, useFailover } from '@spanwire/react'
import { type ReactNode, useRef, useState } from 'react'
import type { LogEntry } from '../picture.js'
import { SITES } from '../routes.js'
import { clock, whole } from './format.js'
import { isLoss, type Lapse, momentsOf, type OwnFailover } from './moments.js'
import { Panel } from './panel.js'

const SHOWN = 40
/** What a whole bar stands for at least, ms. */
const SCALE_MS = 3_000

/** What happened, newest first: to the sites, and what the services and this page made of it. */
export function Timeline({ log }: { readonly log: readonly LogEntry[] }): ReactNode {
  const own = useOwnFailovers()
  const events = useFailover(undefined, { limit: SHOWN })
  const moments = momentsOf(log, events, own).slice(0, SHOWN)
  const scale = Math.max(SCALE_MS, ...moments.map(({ lapse }) => lapse?.switched ?? 0))
  return (
    <Panel
      className="timeline"
      title="Timeline"
      hint="What happened to the sites, and how soon the services and this page noticed and went elsewhere."
    >
      <ol>
        {moments.map(({ key, at, text, detail, site, by, lapse }) => (
          <li key={key} className={`${by} ${site ?? ''}`} data-switched={lapse?.switched}>
            <time>{clock(at)}</time>
            <div>
              {text}
              {lapse && <Bar lapse={lapse} scale={scale} />}
              {(lapse || detail) && (
                <small>
                  {lapse && <Figures lapse={lapse} />}
                  {detail}
                </small>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  )
}

/** From the fault to the switch: unnoticed, in doubt, moving. */
function Bar({ lapse: { givenUp, noticed, switched }, scale }: { readonly lapse: Lapse; readonly scale: number }) {
  const parts = { unnoticed: noticed, doubted: givenUp - noticed, moving: switched - givenUp }
  return (
    <div className="lapse" aria-hidden="true">
      {Object.entries(parts).map(([name, took]) => (
        <i key={name} className={name} style={{ inlineSize: `${(100 * took) / scale}%` }} />
      ))}
    </div>
  )
}

function Figures({ lapse: { moved, noticed, switched } }: { readonly lapse: Lapse }): ReactNode {
  return (
    <>
      noticed after <strong>{whole(Math.round(noticed))} ms</strong>, {moved ? 'switched' : 'given up'} after{' '}
      <strong>{whole(Math.round(switched))} ms</strong>,{' '}
    </>
  )
}

/** This page's own: done when its session says that the site is lost, for its subscriptions stand at every site. */
function useOwnFailovers(): readonly OwnFailover[] {
  const client = useClient()
  const suspected = useRef(new Map<string, number>())
  const [own, setOwn] = useState<readonly OwnFailover[]>([])
  useFailover(
    (event) => {
      const site = SITES.find((name) => 'site' in event && name === event.site)
      if (event.type !== 'site' || site === undefined) return
      const { at, reason, to } = event
      if (to === 'suspect') suspected.current.set(site, at)
      if (to === 'up') suspected.current.delete(site)
      if (!isLoss(event)) return
      const outage = status(client).sites.find(({ name }) => name === site)?.outage
      const { firstSignAt, detectedAt } = outage ?? { firstSignAt: at, detectedAt: at }
      const suspectedAt = suspected.current.get(site)
      const failover = { kind: 'failover', who: 'page', at, site, reason, lanes: 0 } as const
      setOwn((before) => [...before, { ...failover, firstSignAt, suspectedAt, detectedAt }].slice(-SHOWN))
    },
    { limit: 0 },
  )
  return own
}

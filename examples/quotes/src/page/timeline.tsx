import { type FailoverEvent, useFailover } from '@spanwire/react'
import type { ReactNode } from 'react'
import type { LogEntry } from '../picture.js'
import { called, clock, ms, whole } from './format.js'
import { Panel } from './panel.js'

const SHOWN = 40

interface Moment {
  readonly key: string
  readonly at: number
  readonly text: string
  readonly detail: string
  readonly site: string | undefined
  readonly by: 'page' | 'process'
}

/** What happened, newest first: to the processes, and what this page's client made of it. */
export function Timeline({ log }: { readonly log: readonly LogEntry[] }): ReactNode {
  const events = useFailover(undefined, { limit: SHOWN })
  const moments = [...events.map(ofClient), ...log.filter(({ site }) => site).map(ofProcess)]
    .sort((a, b) => b.at - a.at)
    .slice(0, SHOWN)
  return (
    <Panel className="timeline" title="Timeline" hint="What happened to the sites, and what this page did about it.">
      <ol>
        {moments.map(({ key, at, text, detail, site, by }) => (
          <li key={key} className={`${by} ${site ?? ''}`}>
            <time>{clock(at)}</time>
            <span>
              {text}
              {detail && <small>{detail}</small>}
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  )
}

function ofProcess({ id, at, text, site }: LogEntry): Moment {
  return { key: `process ${id}`, at, text: `${called(site ?? '')} process ${text}`, detail: '', site, by: 'process' }
}

function ofClient(event: FailoverEvent, index: number): Moment {
  const [text, detail, site] = tell(event)
  return { key: `page ${event.at} ${index} ${text}`, at: event.at, text, detail, site, by: 'page' }
}

function tell(event: FailoverEvent): readonly [text: string, detail: string, site: string | undefined] {
  switch (event.type) {
    case 'site':
      if (event.to === 'up') return [`Connected to ${called(event.site)}`, '', event.site]
      if (event.from === 'up') return [`Lost ${called(event.site)}`, event.reason, event.site]
      return [`${called(event.site)} is ${event.to}`, event.reason, event.site]
    case 'moved':
      return [
        `${called(event.channel.split('.', 1)[0] ?? '')} moved from ${called(event.from)} to ${called(event.to)}`,
        event.ms < 1 ? 'at the first sign of trouble' : `${ms(event.ms)} after the first sign of trouble`,
        event.to,
      ]
    case 'gap':
      return [`${whole(event.last - event.first + 1)} messages missing on ${event.channel}`, event.reason, undefined]
    case 'gap-closed':
      return [`A missing message came on ${event.channel}`, '', undefined]
    case 'lost':
      return [
        `${event.channel}: ${event.count ?? 'some'} messages lost at ${called(event.site)}`,
        event.reason,
        event.site,
      ]
    case 'offered-again':
      return [`${whole(event.count)} messages offered again to ${called(event.to)}`, event.channel, event.to]
    default:
      return event satisfies never
  }
}

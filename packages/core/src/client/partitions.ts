import type { ChannelSpec } from '@spanwire/driver'
import { isMarks } from '../departure/marks.js'
import type { Session } from '../session/session.js'
import type { Context } from './context.js'

/** Hears of each channel that was opened, and says once when two sites divide its keys among different numbers of partitions. */
export function comparingPartitions({
  events,
}: Pick<Context, 'events'>): (session: Session, spec: ChannelSpec) => void {
  // By name and site. As many as the links have channels.
  const known = new Map<string, Map<string, number>>()
  return (session, spec) => {
    const { name } = spec
    const { site } = session
    const state = session.channel(spec)
    const parts = state.at === 'open' && state.channel.can.partitions
    const sites = known.get(name) ?? new Map()
    if (!parts || isMarks(name) || sites.get(site) === parts) return
    known.set(name, sites.set(site, parts))
    for (const [other, count] of sites)
      if (count !== parts)
        events.emit({
          type: 'warning',
          message: `${name} has ${count} partitions at ${other}, ${parts} at ${site}: keys that share one here do not there; make them equal`,
        })
  }
}

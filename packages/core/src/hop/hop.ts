import {
  type Channel,
  type ChannelSpec,
  type EngineInfo,
  isChannelName,
  type Link,
  MessagingError,
} from '@spanwire/driver'
import type { BareClient } from '../client/api.js'
import { type Context, contextOf, reasons } from '../client/context.js'
import { deferred } from '../runtime/deferred.js'
import { HopChannel } from './hop-channel.js'
import { HopLife } from './life.js'
import { common, placesOf, sitesOf } from './places.js'
import { probeAny } from './probe.js'

/**
 * A whole client as one link: what gateways and bridges stand on. Identity passes untouched, nothing is held back for
 * order, exact duplicates are dropped (R49). Lanes follow the client's routes and sites; a site's end does not end the
 * link: it ends with `close`, which leaves the client alone, or when the client closes. A message for which no site has
 * a link is the sender's again at once, `unsent` if none can have taken it (R51).
 */
export function hop(client: BareClient): Link {
  const context = contextOf(client)
  const life = new HopLife(context)
  return {
    get engine() {
      return engineOf(context)
    },
    draining: new Promise(() => undefined),
    ended: life.ended,
    open: (spec, signal) => open(life, spec, signal),
    probe: (signal) => probe(life, signal),
    close: () => life.end(),
  }
}

function engineOf(context: Context): EngineInfo {
  const upstreams = new Set<string>()
  for (const { link } of context.sessions.values()) {
    for (const cluster of link?.engine.upstreams ?? []) upstreams.add(cluster)
    if (link?.engine.cluster !== undefined) upstreams.add(link.engine.cluster)
  }
  return { name: 'spanwire', version: '1', upstreams: [...upstreams].sort() }
}

function probe(life: HopLife, signal: AbortSignal): Promise<void> {
  const { context } = life
  const links = [...context.sessions.values()].flatMap((session) => session.link ?? [])
  return probeAny(
    life,
    links,
    signal,
    (code) => new MessagingError(code, `no site answered: ${reasons(context)}`, { scope: 'link' }),
  )
}

/** Resolves when one site at least has the channel; rejects when every site refuses it. */
async function open(life: HopLife, spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
  const { context } = life
  const { name } = spec
  if (!isChannelName(name)) throw new MessagingError('invalid', `"${name}" is no channel name`, { scope: 'channel' })
  if (signal.aborted) throw new MessagingError('canceled', `${name}: opening was given up`, { scope: 'channel' })
  const opened = deferred<Channel>()
  const look = (): void => {
    const places = placesOf(context, spec)
    const refused = places.flatMap((place) => (place.at === 'refused' ? [place.error] : []))
    const can = common(places.flatMap((place) => (place.at === 'open' ? [place.channel.can] : [])))
    if (can !== undefined) opened.resolve(new HopChannel(life, spec, can))
    else if (refused.length === places.length) opened.reject(refused[0] ?? late())
  }
  const late = (): MessagingError =>
    new MessagingError('unavailable', `${name} was opened at no site: ${reasons(context)}`, { scope: 'channel' })
  const sessions = sitesOf(context, spec).map((site) => context.session(site))
  const stops = sessions.map((session) => session.onChange(look))
  // A refusal of before may have been somebody else's, or be over.
  for (const session of sessions) session.renew(spec)
  look()
  try {
    return await life.within(opened.promise, signal, late)
  } finally {
    for (const stop of stops) stop()
  }
}

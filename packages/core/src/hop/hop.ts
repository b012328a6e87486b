import {
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type EngineInfo,
  type Link,
  type LinkEnd,
  MessagingError,
} from '@spanwire/driver'
import type { Client } from '../client/api.js'
import { type Context, contextOf, reasons } from '../client/context.js'
import { HopChannel } from './hop-channel.js'
import { probe } from './probe.js'

/**
 * A whole client as one link: what gateways and bridges stand on. Identity passes untouched, nothing is held back for
 * order, exact duplicates are dropped (R49). Lanes follow the client's routes and sites; a site's end does not end the
 * link, only the client's close does. Closing the link leaves the client alone.
 */
export function hop(client: Client): Link {
  const context = contextOf(client)
  const ended = context.closed.promise.then((): LinkEnd => ({ by: 'us' }))
  return {
    get engine() {
      return engineOf(context)
    },
    draining: new Promise(() => undefined),
    ended,
    open: (spec, signal) => open(context, spec, signal),
    probe: (signal) => probe(context, signal),
    close: () => Promise.resolve(),
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

/** Resolves when one site at least has the channel; rejects when every site refuses it, or at the signal's abort. */
function open(context: Context, spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const states = [...context.sessions.values()].map((session) => session.channel(spec))
      const opened = states.flatMap((state) => (state.at === 'open' ? [state.channel.can] : []))
      const refused = states.flatMap((state) => (state.at === 'refused' ? [state.error] : []))
      if (opened.length > 0) end(() => resolve(new HopChannel(context, spec, opened.reduce(both))))
      else if (refused.length === states.length) end(() => reject(refused[0]))
      else if (signal.aborted)
        end(() => reject(new MessagingError('unavailable', `${spec.name}: ${reasons(context)}`, { scope: 'channel' })))
    }
    const end = (settle: () => void): void => {
      for (const stop of stops) stop()
      signal.removeEventListener('abort', look)
      settle()
    }
    const stops = [...context.sessions.values()].map((session) => session.onChange(look))
    signal.addEventListener('abort', look)
    look()
  })
}

/** What can be promised wherever a message goes. */
function both(a: Capabilities, b: Capabilities): Capabilities {
  const order = ['written', 'taken', 'stored'] as const
  return {
    maxBytes: Math.min(a.maxBytes, b.maxBytes),
    confirms: order[Math.min(order.indexOf(a.confirms), order.indexOf(b.confirms))] ?? 'written',
    starts: a.starts.filter((start) => b.starts.includes(start)),
    groups: a.groups && b.groups,
    waits: a.waits && b.waits,
    keyed: a.keyed && b.keyed,
    retries: a.retries && b.retries,
    extends: a.extends && b.extends,
    counts: a.counts && b.counts,
    maxDelayMs: Math.min(a.maxDelayMs, b.maxDelayMs),
    ttl: a.ttl && b.ttl,
  }
}

import type { Capabilities, ChannelSpec } from '@spanwire/driver'
import type { Context } from '../client/context.js'
import { listenAt } from '../client/listening.js'
import { isMarks, marked } from '../departure/marks.js'
import type { ChannelState } from '../session/channels.js'

/** Where a channel's messages may be. Marks go wherever those are that they speak of, and no further (I9). */
export function sitesOf(context: Context, spec: ChannelSpec): readonly string[] {
  return listenAt(context, isMarks(spec.name) ? marked(spec) : spec)
}

/** The channel at each of its sites. */
export function placesOf(context: Context, spec: ChannelSpec): readonly ChannelState[] {
  return sitesOf(context, spec).map((site) => context.session(site).channel(spec))
}

/** What can be promised wherever a message goes. */
export function common(all: readonly Capabilities[]): Capabilities | undefined {
  return all.length === 0 ? undefined : all.reduce(both)
}

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

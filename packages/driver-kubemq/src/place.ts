import { type ChannelSpec, isPath, MessagingError, type Source } from '@spanwire/driver'
import { assertSource, invalid, passing } from '@spanwire/driver/kit'

/** Longer names end in messages that the server takes and loses. */
const MAX_NAME = 200
/** Subscriptions that one reception makes; with more patterns it listens to everything and leaves the rest out here. */
const MAX_SUBSCRIPTIONS = 16

/** `quotes` and `AAPL` are the channel `quotes.AAPL`, where each path has a channel of its own. */
export function channelOf(spec: ChannelSpec, path: string): string {
  if (!isPath(path, spec.params)) throw invalid('a path', spec)
  return short(hasChannelPerPath(spec) && path !== '' ? `${spec.name}.${path}` : spec.name)
}

/** Events, commands and queries have wildcards; the store and queues have none, and keep all paths on one channel. */
export function hasChannelPerPath(spec: ChannelSpec): boolean {
  return spec.kind === 'rpc' || (spec.kind === 'topic' && spec.keep === 'live')
}

/** The path of a message that came on this channel. */
export function pathOf(spec: ChannelSpec, channel: string): string {
  return channel.slice(spec.name.length + 1)
}

/** What to subscribe to, and what of it is wanted; absent: all. */
export interface Subscriptions {
  readonly channels: readonly string[]
  readonly passes?: (path: string) => boolean
}

/** Throws `invalid` for patterns and groups that do not fit. */
export function subscriptionsOf(spec: ChannelSpec, source: Source): Subscriptions {
  assertSource(spec, source)
  const paths = source.paths && [...new Set(source.paths)]
  const everything = Array(spec.params).fill('*').join('.')
  const patterns = paths && paths.length <= MAX_SUBSCRIPTIONS ? paths : [everything]
  const channels = patterns.map((one) => short(one === '' ? spec.name : `${spec.name}.${one}`))
  return paths && paths.length > MAX_SUBSCRIPTIONS ? { channels, passes: passing(paths) } : { channels }
}

function short(channel: string): string {
  if (channel.length <= MAX_NAME) return channel
  throw new MessagingError('invalid', `Channel and path together have ${channel.length} characters; KubeMQ takes 200.`)
}

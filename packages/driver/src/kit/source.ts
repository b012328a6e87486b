import {
  type ChannelSpec,
  isChannelName,
  isPathPattern,
  MessagingError,
  matchesPath,
  type Source,
} from '@spanwire/driver'
import { invalid } from './errors.js'

/** Throws `invalid` for what is no name of a channel. */
export function assertName({ name }: ChannelSpec): void {
  if (!isChannelName(name)) throw new MessagingError('invalid', `${name} is no channel name.`)
}

/** The names of groups that an engine takes, and in words what they are made of. */
export interface GroupNames {
  readonly fits: RegExp
  readonly words: string
}

const PLAIN: GroupNames = { fits: /^[A-Za-z0-9_-]{1,128}$/, words: 'letters, digits, _ and -' }

/** Throws `invalid` for patterns that are none of this channel, and for a group that the engine would not take. */
export function assertSource(spec: ChannelSpec, { paths, group }: Source, groups: GroupNames = PLAIN): void {
  if (paths?.some((path) => !isPathPattern(path, spec.params))) throw invalid('a pattern', spec)
  if (group !== undefined && !groups.fits.test(group)) {
    throw new MessagingError('invalid', `${group} is no name of a group: write ${groups.words}.`)
  }
}

/** Which paths fit one of the patterns. */
export function passing(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((one) => !one.includes('*')))
  const wide = patterns.filter((one) => one.includes('*'))
  return (path) => exact.has(path) || wide.some((one) => matchesPath(one, path))
}
